// SPDX-License-Identifier: BSD-2-Clause
// The tracks of a Perfetto trace that are no native ones: in groups, described before the first thing that is drawn on them.
#pragma once

#include "exporting/lanes.hpp"
#include "exporting/perfetto_packets.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace irqscope::exporting {

// In the order in which they are drawn.
enum class track_group { incidents, stalls, ksoftirqd, irq_off, softirq_off, sysvecs, rates, lost };

class perfetto_tracks {
public:
    static constexpr std::size_t most = 1U << 16U; // a recording of no machine has more

    explicit perfetto_tracks(perfetto_packets& to) : to_(&to) {}

    // One more track below the group; its place there is by rank. Nothing: there are too many.
    std::optional<std::uint64_t> add(track_group in, const std::string& name, int rank);
    std::optional<std::uint64_t> add_counter(track_group in, const std::string& name, int rank);

    // A whole slice on the track of that name. Those of one name may overlap: then they are on several tracks of it, which the
    // UI draws as one. encoded: fields of a TrackEvent. False: there is no room for it.
    bool slice(track_group in, const std::string& name, int rank, std::pair<std::uint64_t, std::uint64_t> ns,
               std::string_view encoded);

private:
    struct named {
        exporting::lanes lanes;
        std::vector<std::uint64_t> uuids; // by lane
    };

    std::optional<std::uint64_t> add(track_group in, const std::string& name, int rank, bool of_counter);
    std::uint64_t group(track_group which);

    perfetto_packets* to_;
    std::map<track_group, std::uint64_t> groups_;
    std::map<std::pair<track_group, std::string>, named> named_;
    std::size_t count_ = 0;
};

} // namespace irqscope::exporting
