# SPDX-License-Identifier: BSD-2-Clause
# BPF sources -> one object (bpftool gen object) -> a skeleton header (bpftool gen skeleton).
find_program(CLANG NAMES clang clang-14 REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)

string(REPLACE "x86_64" "x86" bpf_arch "${CMAKE_SYSTEM_PROCESSOR}")
string(REPLACE "aarch64" "arm64" bpf_arch "${bpf_arch}")

# irqscope_bpf_skeleton(TARGET NAME SOURCE...): an interface library with NAME.skel.h on its include path. The linked
# object is the target's property BPF_OBJECT.
function(irqscope_bpf_skeleton target name)
    set(directory ${CMAKE_CURRENT_BINARY_DIR}/bpf)
    file(MAKE_DIRECTORY ${directory})
    file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bpf/*.h ${PROJECT_SOURCE_DIR}/vmlinux/*.h)
    set(objects)
    foreach(source IN LISTS ARGN)
        get_filename_component(stem ${source} NAME_WLE)
        set(object ${directory}/${stem}.o)
        add_custom_command(OUTPUT ${object}
            COMMAND ${CLANG} -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_${bpf_arch}
                -Wall -Wextra -Werror -Wno-unused-parameter
                -I ${PROJECT_SOURCE_DIR}/bpf -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${object}
            DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${source} ${headers}
            VERBATIM)
        list(APPEND objects ${object})
    endforeach()
    set(linked ${directory}/${name}.linked.o)
    set(header ${directory}/include/${name}.skel.h)
    file(MAKE_DIRECTORY ${directory}/include)
    add_custom_command(OUTPUT ${linked} COMMAND ${BPFTOOL} gen object ${linked} ${objects} DEPENDS ${objects} VERBATIM)
    # Written beside and moved, so that a failed bpftool leaves no half header that looks up to date.
    add_custom_command(OUTPUT ${header}
        COMMAND sh -c "'${BPFTOOL}' gen skeleton '${linked}' name ${name} >'${header}.new' && mv '${header}.new' '${header}'"
        DEPENDS ${linked} VERBATIM)
    add_custom_target(${target}_generate DEPENDS ${header})
    add_library(${target} INTERFACE)
    add_dependencies(${target} ${target}_generate)
    target_include_directories(${target} SYSTEM INTERFACE ${directory}/include)
    set_target_properties(${target} PROPERTIES BPF_OBJECT ${linked})
endfunction()
