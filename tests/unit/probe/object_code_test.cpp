// SPDX-License-Identifier: BSD-2-Clause
#include "probe/object_code.hpp"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <linux/bpf.h>

namespace irqscope::probe {

namespace {

std::vector<std::uint8_t> the_object() {
    std::ifstream file(IRQSCOPE_BPF_OBJECT, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Wherever it stands.
std::ptrdiff_t calls(const std::vector<std::uint8_t>& in, std::int32_t helper) {
    const std::vector<std::uint8_t> call{BPF_JMP | BPF_CALL, 0, 0, 0, static_cast<std::uint8_t>(helper), 0, 0, 0};
    std::ptrdiff_t found = 0;
    for (auto at = in.begin(); (at = std::search(at, in.end(), call.begin(), call.end())) != in.end(); ++at) found++;
    return found;
}

} // namespace

TEST(object_code, has_no_call_of_the_helper_any_more_and_all_of_the_others) {
    const auto whole = the_object();
    constexpr std::int32_t ktime_get_ns = 5;
    ASSERT_GE(calls(whole, trace_printk_helper), 1) << "the test sees nothing";
    ASSERT_GE(calls(whole, ktime_get_ns), 1);
    const auto without = without_calls(whole, trace_printk_helper);
    EXPECT_EQ(without.size(), whole.size());
    EXPECT_EQ(calls(without, trace_printk_helper), 0);
    EXPECT_EQ(calls(without, ktime_get_ns), calls(whole, ktime_get_ns));
}

TEST(object_code, what_is_no_object_stays_as_it_is) {
    for (std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{64}, std::size_t{300}}) {
        auto some = the_object();
        some.resize(size);
        EXPECT_EQ(without_calls(some, trace_printk_helper), some);
    }
}

} // namespace irqscope::probe
