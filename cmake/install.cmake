# SPDX-License-Identifier: BSL-1.0
# Installs the headers and the package that find_package(gof) reads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS gof_creational gof_structural gof_behavioural gof_gof
  EXPORT gof-targets COMPONENT gof_patterns FILE_SET HEADERS COMPONENT gof_patterns)
install(TARGETS gof_node gof_creational_distributed gof_structural_distributed
    gof_behavioural_distributed
  EXPORT gof-targets COMPONENT gof_node FILE_SET HEADERS COMPONENT gof_node)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/gof)
install(EXPORT gof-targets FILE gof-targets.cmake NAMESPACE gof::
  DESTINATION ${package_dir} COMPONENT gof_patterns)
if(TARGET gof-broker)
  install(TARGETS gof-broker RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT gof_pyro)
endif()
foreach(engine IN ITEMS file pyro)
  if(TARGET gof_${engine})
    install(TARGETS gof_${engine} EXPORT gof-${engine}-targets
      ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT gof_${engine})
    install(EXPORT gof-${engine}-targets NAMESPACE gof::
      DESTINATION ${package_dir} COMPONENT gof_${engine})
  endif()
endforeach()
write_basic_package_version_file(gof-config-version.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${PROJECT_SOURCE_DIR}/cmake/gof-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/gof-config-version.cmake
  DESTINATION ${package_dir} COMPONENT gof_patterns)
