# SPDX-License-Identifier: BSL-1.0
# Installs the headers and the package that find_package(gof) reads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS gof_creational gof_structural gof_behavioural gof_gof
  EXPORT gof-targets COMPONENT gof_patterns FILE_SET HEADERS COMPONENT gof_patterns)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/gof)
install(EXPORT gof-targets FILE gof-config.cmake NAMESPACE gof::
  DESTINATION ${package_dir} COMPONENT gof_patterns)
write_basic_package_version_file(gof-config-version.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/gof-config-version.cmake
  DESTINATION ${package_dir} COMPONENT gof_patterns)
