# One static library per layer of src/, the generated registries of algorithms, and the code digests.

# rb_layer(NAME used layers... [MODELS] [EXTERNAL libraries...])
function(rb_layer name)
  cmake_parse_arguments(ARG "MODELS" "" "EXTERNAL" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.c ${CMAKE_SOURCE_DIR}/src/${name}/*/*.c)
  if(ARG_MODELS)
    rb_registry(${name} registry)
    list(APPEND sources ${registry})
  endif()
  if(sources)
    add_library(rb_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(rb_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_link_libraries(rb_${name} ${scope} rb_flags ${ARG_EXTERNAL})
  foreach(layer ${ARG_UNPARSED_ARGUMENTS})
    target_link_libraries(rb_${name} ${scope} rb_${layer})
  endforeach()
endfunction()

# The registry of a family: every models/<id>.c defines the table rb_<id>.
function(rb_registry family out)
  file(GLOB models CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${family}/models/*.c)
  set(text "/* Generated from src/${family}/models. */\n#include \"${family}/${family}.h\"\n\n")
  set(entries "")
  foreach(file ${models})
    get_filename_component(id ${file} NAME_WE)
    string(APPEND text "extern const rb_algorithm rb_${id};\n")
    string(APPEND entries "    &rb_${id},\n")
  endforeach()
  string(APPEND text "\nconst rb_algorithm *const rb_${family}_registry[] = {\n${entries}    NULL,\n};\n")
  set(path ${CMAKE_BINARY_DIR}/generated/${family}_registry.c)
  file(CONFIGURE OUTPUT ${path} CONTENT "${text}" @ONLY)
  set(${out} ${path} PARENT_SCOPE)
endfunction()

# Code digests, made anew whenever a source changes: per model over its file, its family's core, the layers below and
# what drives its fit; one for the evaluation over everything that eval sees and what the harness adds to it.
function(rb_code_digests)
  file(GLOB_RECURSE below CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/base/*.[ch] ${CMAKE_SOURCE_DIR}/src/parallel/*.[ch]
    ${CMAKE_SOURCE_DIR}/src/linalg/*.[ch] ${CMAKE_SOURCE_DIR}/src/data/*.[ch])
  file(GLOB_RECURSE families CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/recommend/*.[ch] ${CMAKE_SOURCE_DIR}/src/cluster/*.[ch])
  file(GLOB_RECURSE eval CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/eval/*.[ch])
  file(GLOB harness CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/harness/*.[ch]) # the script takes what it needs of it
  set(path ${CMAKE_BINARY_DIR}/generated/code_digests.c)
  set(script ${CMAKE_SOURCE_DIR}/cmake/CodeDigests.cmake)
  add_custom_command(OUTPUT ${path} COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR} -DOUT=${path} -P ${script}
    DEPENDS ${script} ${below} ${families} ${eval} ${harness} VERBATIM)
  set_source_files_properties(${path} PROPERTIES GENERATED TRUE)
  # What the build knows of itself, for provenance; the commit is asked for at every build.
  set(build ${CMAKE_BINARY_DIR}/generated/build_facts.c)
  string(TOUPPER ${CMAKE_BUILD_TYPE} type)
  add_custom_target(rb_build_facts_made BYPRODUCTS ${build} COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR} -DOUT=${build}
    -DVERSION=${PROJECT_VERSION} "-DCOMPILER=${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}" -DMARCH=${RB_MARCH}
    -DBUILD_TYPE=${CMAKE_BUILD_TYPE} "-DFLAGS=${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${type}}" -DSANITIZE=${RB_SANITIZE}
    -P ${CMAKE_SOURCE_DIR}/cmake/BuildFacts.cmake VERBATIM)
  add_library(rb_facts STATIC ${path} ${build})
  add_dependencies(rb_facts rb_build_facts_made)
  target_link_libraries(rb_facts PUBLIC rb_flags)
  get_target_property(type rb_harness TYPE)
  if(type STREQUAL "INTERFACE_LIBRARY")
    target_link_libraries(rb_harness INTERFACE rb_facts)
  else()
    target_link_libraries(rb_harness PUBLIC rb_facts)
  endif()
endfunction()
