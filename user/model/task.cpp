// SPDX-License-Identifier: BSD-2-Clause
#include "model/task.hpp"

#include <array>
#include <string_view>

namespace irqscope::model {

namespace {

// include/linux/sched/prio.h: real-time tasks below 100, a nice value of 0 is 120; deadline tasks below 0.
constexpr int max_rt_prio = 100;
constexpr int default_prio = 120;

} // namespace

std::string class_of(const scheduling& task) {
    constexpr std::array<std::string_view, 8> names{"SCHED_NORMAL", "SCHED_FIFO",     "SCHED_RR", "SCHED_BATCH", "",
                                                    "SCHED_IDLE",   "SCHED_DEADLINE", "SCHED_EXT"};
    if (task.policy < names.size() && !names.at(task.policy).empty()) return std::string(names.at(task.policy));
    return "SCHED_" + std::to_string(task.policy);
}

std::optional<int> rt_priority_of(const scheduling& task) {
    if (task.prio < 0 || task.prio >= max_rt_prio) return std::nullopt;
    return max_rt_prio - 1 - task.prio;
}

std::optional<int> nice_of(const scheduling& task) {
    if (task.prio < max_rt_prio) return std::nullopt;
    return task.prio - default_prio;
}

} // namespace irqscope::model
