# SPDX-License-Identifier: BSD-2-Clause
# Debian's cross compiler for arm64, and the libraries that scripts/lib/arm64.sh unpacks. Headers that are the same on every
# architecture are this system's, behind all others.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

set(irqscope_libraries ${CMAKE_CURRENT_LIST_DIR}/../build/vm/arm64/libraries)
set(CMAKE_FIND_ROOT_PATH ${irqscope_libraries})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(ENV{PKG_CONFIG_LIBDIR} ${irqscope_libraries}/usr/lib/aarch64-linux-gnu/pkgconfig)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${irqscope_libraries})
foreach(language C CXX)
    set(CMAKE_${language}_FLAGS_INIT "-isystem ${irqscope_libraries}/usr/include -idirafter /usr/include")
endforeach()
