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

# gof::node: the node, the engines that are headers only, and the codec. gof::file: the durable engine;
# gof::pyro: objects over TCP.
# gof::<family>_distributed: the patterns over a node. What is not found here is left out, and said.
function(gof_add_engines)
  find_package(Threads REQUIRED)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/engines/include/gof/*.hpp)
  add_library(gof_node INTERFACE)
  add_library(gof::node ALIAS gof_node)
  set_target_properties(gof_node PROPERTIES EXPORT_NAME node)
  target_compile_features(gof_node INTERFACE cxx_std_20)
  target_sources(gof_node INTERFACE
    FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/engines/include FILES ${headers})
  target_link_libraries(gof_node INTERFACE Threads::Threads)
  find_path(GOF_BOOST_DESCRIBE boost/describe.hpp)
  mark_as_advanced(GOF_BOOST_DESCRIBE)
  if(NOT GOF_BOOST_DESCRIBE)
    message(STATUS
      "Boost 1.77 is missing (Debian 12: libboost1.81-dev): <gof/wire.hpp> cannot be used")
  endif()
  foreach(family IN ITEMS creational structural behavioural)
    file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${family}/include/gof/distributed/*.hpp)
    set(target gof_${family}_distributed)
    add_library(${target} INTERFACE)
    add_library(gof::${family}_distributed ALIAS ${target})
    set_target_properties(${target} PROPERTIES EXPORT_NAME ${family}_distributed)
    target_sources(${target} INTERFACE
      FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/${family}/include FILES ${headers})
    target_link_libraries(${target} INTERFACE gof_${family} gof_node)
  endforeach()
  # What the tests and examples link, so that each need not compile the engines. Users need it not.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "Debug")
    add_library(gof_engines STATIC EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/engines/src/engines.cpp)
    target_compile_definitions(gof_engines PUBLIC GOF_ENGINES_COMPILED)
    target_compile_options(gof_engines PRIVATE -O2
      -Wno-array-bounds -Wno-maybe-uninitialized -Wno-stringop-overread)  # false alarms of g++ 12
    target_link_libraries(gof_engines PUBLIC gof_node)
  endif()
  find_package(SQLite3 QUIET)
  if(SQLite3_FOUND)
    gof_add_engine(file)
    target_link_libraries(gof_file PRIVATE SQLite::SQLite3)
  else()
    message(STATUS "SQLite is missing (Debian: libsqlite3-dev): there is no file: engine")
  endif()
  find_package(OpenSSL QUIET)
  find_package(ZLIB QUIET)
  if(GOF_BOOST_DESCRIBE AND OPENSSL_FOUND AND ZLIB_FOUND)
    gof_add_engine(pyro)
    target_link_libraries(gof_pyro PRIVATE OpenSSL::SSL ZLIB::ZLIB)
    add_executable(gof-broker ${PROJECT_SOURCE_DIR}/engines/src/broker/main.cpp)
    foreach(library IN ITEMS gof_engines gof_file gof_pyro)
      if(TARGET ${library})
        target_link_libraries(gof-broker PRIVATE ${library})
      endif()
    endforeach()
    if(NOT PROJECT_IS_TOP_LEVEL)
      set_target_properties(gof-broker PROPERTIES EXCLUDE_FROM_ALL ON)
    endif()
  else()
    message(STATUS "Boost 1.77, OpenSSL or zlib is missing "
      "(Debian 12: libboost1.81-dev libssl-dev zlib1g-dev): there is no pyro: engine")
  endif()
endfunction()

# gof::<engine>: a library with what is in engines/src for it.
function(gof_add_engine engine)
  file(GLOB sources CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/engines/src/${engine}.cpp ${PROJECT_SOURCE_DIR}/engines/src/${engine}/*.cpp)
  string(TOUPPER GOF_HAS_${engine} has)
  add_library(gof_${engine} STATIC ${sources})
  add_library(gof::${engine} ALIAS gof_${engine})
  set_target_properties(gof_${engine} PROPERTIES EXPORT_NAME ${engine})
  target_compile_definitions(gof_${engine} INTERFACE ${has})
  target_link_libraries(gof_${engine} PUBLIC gof_node)
  if(NOT PROJECT_IS_TOP_LEVEL)  # built where somebody links it
    set_target_properties(gof_${engine} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
endfunction()

# Links a program of path with what it may use: local ones with the local headers only.
function(gof_link target path)
  target_link_libraries(${target} PRIVATE gof::gof Threads::Threads)
  if(path MATCHES "^(engines|communication)/|/distributed/")
    target_link_libraries(${target} PRIVATE gof::node gof::creational_distributed
      gof::structural_distributed gof::behavioural_distributed)
    foreach(library IN ITEMS gof_engines gof_file gof_pyro)
      if(TARGET ${library})
        target_link_libraries(${target} PRIVATE ${library})
      endif()
    endforeach()
  endif()
endfunction()

# Whether a program is left out: with ThreadSanitizer, where it starts no thread, nor a node that may.
function(gof_leave_out result path file)
  set(${result} FALSE PARENT_SCOPE)
  if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=thread" AND NOT path MATCHES "^engines/|/libraries$")
    file(STRINGS ${file} threads
      REGEX "<(atomic|future|mutex|thread)>|gof/(join|roles|engines/memory)[.]hpp|/concurrent" LIMIT_COUNT 1)
    if(NOT threads)
      set(${result} TRUE PARENT_SCOPE)
    endif()
  endif()
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

# Calls <command>(<path> <file>) for each file <path><suffix> below the modules' folders here; path is such
# as behavioural/command.
function(gof_for_each suffix command)
  foreach(family IN ITEMS creational structural behavioural engines communication)
    file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} ${family}/*${suffix})
    foreach(file IN LISTS files)
      string(REPLACE ${suffix} "" path ${file})
      cmake_language(CALL ${command} ${path} ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    endforeach()
  endforeach()
endfunction()
