# SPDX-License-Identifier: BSL-1.0
# Builds and runs project/ in FOLDER with compiler CXX: against the BUILD that is installed there
# first, or with TREE as a subdirectory.
cmake_minimum_required(VERSION 3.25)

function(run what)
  execute_process(COMMAND ${ARGN}
    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${what} failed (${status}):\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

# try(FLAG...): configures with the flags, builds, and looks at what the program prints.
function(try)
  file(REMOVE_RECURSE ${FOLDER}/build)
  run("configuring" ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/project -B ${FOLDER}/build
    -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${CXX} ${ARGN})
  run("building" ${CMAKE_COMMAND} --build ${FOLDER}/build)
  run("running" ${FOLDER}/build/program)
  if(NOT output STREQUAL "17 5 17\n")
    message(FATAL_ERROR "the program printed: ${output}")
  endif()
endfunction()

file(REMOVE_RECURSE ${FOLDER})
if(HOW STREQUAL installed)
  # Into a folder that is then moved: the package must not depend on where it was.
  run("installing" ${CMAKE_COMMAND}
    --install ${BUILD} --prefix ${FOLDER}/prefix --component gof_patterns)
  file(RENAME ${FOLDER}/prefix ${FOLDER}/moved)
  try(-DCMAKE_PREFIX_PATH=${FOLDER}/moved -DGOF_VERSION_WANTED=${VERSION})
else()
  try(-DGOF_TREE=${TREE})
endif()
