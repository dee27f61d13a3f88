// SPDX-License-Identifier: BSD-2-Clause
// The rank test of Wilcoxon, Mann and Whitney: it asks nothing of how the numbers are distributed.
#pragma once

#include <vector>

namespace irqscope::model {

// The probability that two sets of one kind differ in their ranks by so much or more, either way (two-sided; by the normal
// approximation with its corrections for ties and continuity, which is too large rather than too small where few numbers
// differ completely). 1 where one of them is empty, or all numbers are the same.
double rank_test(const std::vector<double>& a, const std::vector<double>& b);

} // namespace irqscope::model
