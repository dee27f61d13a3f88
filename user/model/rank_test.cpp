// SPDX-License-Identifier: BSD-2-Clause
#include "model/rank_test.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace irqscope::model {

double rank_test(const std::vector<double>& a, const std::vector<double>& b) {
    if (a.empty() || b.empty()) return 1;
    std::vector<std::pair<double, bool>> all; // true: of a
    for (const double one : a) all.emplace_back(one, true);
    for (const double one : b) all.emplace_back(one, false);
    std::sort(all.begin(), all.end());
    const auto n = static_cast<double>(all.size());
    const auto na = static_cast<double>(a.size());
    const auto nb = static_cast<double>(b.size());
    double rank_sum = 0; // of a
    double ties = 0;
    for (std::size_t i = 0; i < all.size();) {
        std::size_t end = i;
        double of_a = 0;
        for (; end < all.size() && all[end].first == all[i].first; end++) of_a += all[end].second ? 1 : 0;
        const auto tied = static_cast<double>(end - i);
        rank_sum += of_a * (static_cast<double>(i) + (tied + 1) / 2);
        ties += tied * tied * tied - tied;
        i = end;
    }
    const double u = rank_sum - na * (na + 1) / 2;
    const double variance = na * nb / 12 * (n + 1 - ties / (n * (n - 1)));
    if (variance <= 0) return 1;
    const double z = std::max(std::abs(u - na * nb / 2) - 0.5, 0.0) / std::sqrt(variance);
    return std::erfc(z / std::sqrt(2.0));
}

} // namespace irqscope::model
