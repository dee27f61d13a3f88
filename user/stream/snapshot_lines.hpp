// SPDX-License-Identifier: BSD-2-Clause
// What `irqscope hist --json` prints (docs/JSON.md), read back.
#pragma once

#include "model/snapshot.hpp"
#include "result.hpp"

#include <string_view>

namespace irqscope::stream {

// One document of schema irqscope.hist/1. Metrics that this version does not know are left out; which were asked for is not
// in it. Fails (failed): it is no such document.
result<model::snapshot> parse_snapshot(std::string_view text);

} // namespace irqscope::stream
