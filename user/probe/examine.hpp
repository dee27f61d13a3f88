// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "model/report.hpp"

#include <optional>
#include <string>

namespace irqscope::probe {

// Looks at everything that a measurement needs, changes nothing, and never fails: what cannot be seen is a finding.
model::report examine(const std::optional<std::string>& btf_file);

} // namespace irqscope::probe
