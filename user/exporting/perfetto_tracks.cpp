// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/perfetto_tracks.hpp"

#include <array>

namespace irqscope::exporting {

namespace {

struct words {
    const char* name;
    const char* description;
};

// By track_group.
constexpr std::array groups{
    words{"incidents", "stalls of one CPU that belong together, from the first one's start to the last one's end"},
    words{"stalls", "what took longer than its threshold, by CPU and kind; the name is the culprit's"},
    words{"ksoftirqd", "activations above the threshold: from being woken until it sleeps; the name is the thief's"},
    words{"irq-off", "how late each heartbeat was served: interrupts were off for so long"},
    words{"softirq-off", "from a raise until the first softirq"},
    words{"sysvecs", "interrupts that are no device's: timers, function calls, rescheduling"},
    words{"rates", "runs per second, by the intervals of the recording"},
    words{"lost", "what was due to be seen and was not, since the beginning; no track: none"},
};

} // namespace

std::uint64_t perfetto_tracks::group(track_group which) {
    const auto [found, is_new] = groups_.emplace(which, 0);
    if (!is_new) return found->second;
    found->second = to_->new_uuid();
    const auto rank = static_cast<std::size_t>(which);
    to_->describe(
        {found->second, 0, groups.at(rank).name, groups.at(rank).description, static_cast<int>(rank), false, true});
    return found->second;
}

std::optional<std::uint64_t> perfetto_tracks::add(track_group in, const std::string& name, int rank, bool of_counter) {
    if (count_ == most) return {};
    count_++;
    const std::uint64_t parent = group(in);
    const std::uint64_t uuid = to_->new_uuid();
    to_->describe({uuid, parent, name, {}, rank, of_counter, false});
    return uuid;
}

std::optional<std::uint64_t> perfetto_tracks::add(track_group in, const std::string& name, int rank) {
    return add(in, name, rank, false);
}

std::optional<std::uint64_t> perfetto_tracks::add_counter(track_group in, const std::string& name, int rank) {
    return add(in, name, rank, true);
}

bool perfetto_tracks::slice(track_group in, const std::string& name, int rank,
                            std::pair<std::uint64_t, std::uint64_t> ns, std::string_view encoded) {
    if (count_ == most && !named_.contains({in, name})) return false;
    named& all = named_[{in, name}];
    const auto lane = all.lanes.place(ns.first, ns.second);
    if (!lane) return false;
    if (*lane == all.uuids.size()) {
        const auto uuid = add(in, name, rank);
        if (!uuid) return false;
        all.uuids.push_back(*uuid);
    }
    if (*lane >= all.uuids.size()) return false; // there was no track for it
    to_->begin(all.uuids[*lane], ns.first, encoded);
    to_->end(all.uuids[*lane], ns.second);
    return true;
}

} // namespace irqscope::exporting
