// SPDX-License-Identifier: BSD-2-Clause
#pragma once

namespace irqscope {

inline constexpr const char* version = IRQSCOPE_VERSION; // of CMakeLists.txt

} // namespace irqscope
