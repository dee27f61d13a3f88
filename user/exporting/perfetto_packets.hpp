// SPDX-License-Identifier: BSD-2-Clause
// The bytes of a Perfetto trace: packets of one sequence. Times are CLOCK_MONOTONIC here and CLOCK_BOOTTIME there.
#pragma once

#include "exporting/output.hpp"
#include "recording/header.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace irqscope::exporting {

class perfetto_packets {
public:
    struct track {
        std::uint64_t uuid = 0;
        std::uint64_t parent = 0; // 0: it stands at the top
        std::string name;
        std::string description;
        int rank = 0; // among its parent's
        bool of_counter = false;
        bool of_tracks = false; // others stand below it, by rank
    };

    // Writes the clocks. The numbers of its sequence and of its tracks are made from who recorded and when, so that they are
    // hardly those of another trace with which it is merged.
    perfetto_packets(const recording::header& about, output& to);

    [[nodiscard]] std::uint64_t new_uuid() { return next_uuid_++; }
    void describe(const track& one);

    // A number for a name of an event. Each is remembered: for names of which there are few.
    std::uint64_t intern(const std::string& name);
    void begin(std::uint64_t uuid, std::uint64_t ns, std::uint64_t name_iid);
    // encoded: the fields of a TrackEvent that say what it is.
    void begin(std::uint64_t uuid, std::uint64_t ns, std::string_view encoded);
    void end(std::uint64_t uuid, std::uint64_t ns);
    void count(std::uint64_t uuid, std::uint64_t ns, std::uint64_t value);
    void count(std::uint64_t uuid, std::uint64_t ns, double value);
    void bundle(std::string_view encoded); // a FtraceEventBundle

    // CLOCK_BOOTTIME at that moment; after a suspend it is early by that one's length.
    [[nodiscard]] std::uint64_t boot_of(std::uint64_t ns) const;

private:
    void clocks(const recording::header& about);
    void begin_event(std::uint64_t uuid, int type);     // event_
    void put_event(std::uint64_t ns, bool is_interned); // event_; does it use an interned name?
    void put();                                         // packet_

    output* to_;
    std::uint64_t ahead_ns_;
    std::uint32_t sequence_;
    std::uint64_t next_uuid_;
    std::map<std::string, std::uint64_t> names_;
    // room for one of each
    std::string packet_;
    std::string event_;
    std::string head_;
};

} // namespace irqscope::exporting
