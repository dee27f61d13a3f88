# SPDX-License-Identifier: BSD-2-Clause
# Flags for all C++ of the project: warnings, and sanitizers where they were asked for.
add_library(irqscope_warnings INTERFACE)
target_compile_options(irqscope_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
    -Wcast-align -Wunused -Wformat=2 -Wimplicit-fallthrough
    $<$<BOOL:${IRQSCOPE_WERROR}>:-Werror>)
if(IRQSCOPE_SANITIZE)
    target_compile_options(irqscope_warnings INTERFACE
        -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(irqscope_warnings INTERFACE -fsanitize=address,undefined)
endif()
if(IRQSCOPE_FUZZ)
    target_compile_options(irqscope_warnings INTERFACE -fsanitize=fuzzer-no-link)
endif()
