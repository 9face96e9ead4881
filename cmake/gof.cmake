# SPDX-License-Identifier: BSL-1.0
# The targets of the library. Each family is an include root; its headers are found in the tree.

# gof::<family>: an interface target with the headers of <family>/include.
function(gof_add_family family)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${family}/include/gof/*.hpp)
  list(FILTER headers EXCLUDE REGEX "/gof/distributed/")
  add_library(gof_${family} INTERFACE)
  add_library(gof::${family} ALIAS gof_${family})
  set_target_properties(gof_${family} PROPERTIES EXPORT_NAME ${family})
  target_compile_features(gof_${family} INTERFACE cxx_std_20)
  target_sources(gof_${family} INTERFACE
    FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/${family}/include FILES ${headers})
endfunction()

# gof::gof: all families, and <gof/version.hpp>, whose numbers are the project's.
function(gof_add_umbrella)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/version.hpp.in ${PROJECT_BINARY_DIR}/include/gof/version.hpp @ONLY)
  add_library(gof_gof INTERFACE)
  add_library(gof::gof ALIAS gof_gof)
  set_target_properties(gof_gof PROPERTIES EXPORT_NAME gof)
  target_sources(gof_gof INTERFACE FILE_SET HEADERS
    BASE_DIRS ${PROJECT_BINARY_DIR}/include FILES ${PROJECT_BINARY_DIR}/include/gof/version.hpp)
  target_link_libraries(gof_gof INTERFACE gof_creational gof_structural gof_behavioural)
endfunction()

# Calls <command>(<path> <file>) for each file <path><suffix> below the families' folders here; path is such
# as behavioural/command.
function(gof_for_each suffix command)
  foreach(family IN ITEMS creational structural behavioural)
    file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} ${family}/*${suffix})
    foreach(file IN LISTS files)
      string(REPLACE ${suffix} "" path ${file})
      cmake_language(CALL ${command} ${path} ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    endforeach()
  endforeach()
endfunction()
