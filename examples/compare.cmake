# SPDX-License-Identifier: BSL-1.0
# Runs PROGRAM, with ARGUMENT if there is one, in an empty FOLDER; fails when it fails, or when its output is not the text of EXPECTED.
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
execute_process(COMMAND ${PROGRAM} ${ARGUMENT} WORKING_DIRECTORY ${FOLDER} TIMEOUT 60
  OUTPUT_FILE ${FOLDER}.out ERROR_VARIABLE errors RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} ended with ${status}\n${errors}")
endif()
execute_process(COMMAND ${CMAKE_COMMAND} -E compare_files ${FOLDER}.out ${EXPECTED} RESULT_VARIABLE differs)
if(differs)
  execute_process(COMMAND diff -u ${EXPECTED} ${FOLDER}.out)
  message(FATAL_ERROR "the output is not the one in ${EXPECTED}; where the new one is right, copy ${FOLDER}.out over it")
endif()
