// SPDX-License-Identifier: BSD-2-Clause
// A Perfetto trace as a reader understands it; what breaks a rule of traces is a failure of the test.
#pragma once

#include "exporting/perfetto_fields.hpp"

#include <cstdint>
#include <gtest/gtest.h>
#include <map>
#include <protozero/pbf_reader.hpp>
#include <string>
#include <vector>

namespace irqscope::exporting {

struct drawn_slice {
    std::uint64_t start_ns = 0;
    std::uint64_t end_ns = 0;
    std::size_t depth = 0; // so many are around it
    std::string name;
    std::map<std::string, std::string> notes; // "breakdown.task_ns" -> "12", "stack.0" -> "f"
    std::vector<std::string> stack;           // as it stands there
};

class drawn_trace {
public:
    explicit drawn_trace(const std::string& bytes) {
        protozero::pbf_reader trace(bytes);
        while (trace.next(fields::trace::packet)) take(trace.get_message());
        for (const auto& [track, left] : open_) EXPECT_TRUE(left.empty()) << left.size() << " never end on " << track;
    }

    // By "softirqs and hardirqs 0" or "group/track", in the order of their ends.
    std::map<std::string, std::vector<drawn_slice>> slices;
    std::map<std::string, std::vector<std::pair<std::uint64_t, double>>> counters;
    std::map<unsigned, std::uint64_t> clocks;
    std::vector<std::string> groups; // in their order
    std::size_t tracks = 0;

    // "0..10 NAME, ..": of one track's slices, in the order of their ends.
    [[nodiscard]] std::string text(const std::string& track) const {
        std::string made;
        const auto found = slices.find(track);
        if (found == slices.end()) return made;
        for (const drawn_slice& one : found->second) {
            if (!made.empty()) made += ", ";
            made += std::string(one.depth, '>') + std::to_string(one.start_ns) + ".." + std::to_string(one.end_ns) +
                    ' ' + one.name;
        }
        return made;
    }

private:
    struct described {
        std::string name;
        std::uint64_t parent = 0;
        bool is_counter = false;
    };

    void take(protozero::pbf_reader packet) {
        namespace field = fields::trace_packet;
        std::uint64_t ns = 0;
        std::uint64_t flags = 0;
        std::uint32_t sequence = 0;
        std::string event;
        while (packet.next()) switch (packet.tag()) {
            case field::timestamp: ns = packet.get_uint64(); break;
            case field::trusted_packet_sequence_id: sequence = packet.get_uint32(); break;
            case field::sequence_flags: flags = packet.get_uint32(); break;
            case field::track_event: event = packet.get_bytes(); break;
            case field::clock_snapshot: take_clocks(packet.get_message()); break;
            case field::track_descriptor: take_track(packet.get_message()); break;
            case field::interned_data: take_names(packet.get_message()); break;
            case field::ftrace_events: take_bundle(packet.get_message()); break;
            default: ADD_FAILURE() << "field " << packet.tag(); packet.skip();
            }
        if (packets_ == 0) sequence_ = sequence;
        EXPECT_EQ(sequence, sequence_);
        EXPECT_EQ(flags == fields::incremental_state_cleared, packets_ == 0);
        EXPECT_FALSE(clocks.empty()) << "they come first";
        packets_++;
        if (!event.empty()) take_event(ns, flags, event);
    }

    void take_clocks(protozero::pbf_reader from) {
        while (from.next()) {
            if (from.tag() == fields::clock_snapshot::primary_trace_clock) {
                EXPECT_EQ(from.get_enum(), static_cast<int>(fields::boottime));
                continue;
            }
            protozero::pbf_reader one = from.get_message();
            unsigned id = 0;
            while (one.next())
                if (one.tag() == fields::clock::clock_id)
                    id = one.get_uint32();
                else
                    clocks[id] = one.get_uint64();
        }
    }

    void take_track(protozero::pbf_reader from) {
        std::uint64_t uuid = 0;
        described made;
        while (from.next()) switch (from.tag()) {
            case fields::track_descriptor::uuid: uuid = from.get_uint64(); break;
            case fields::track_descriptor::name: made.name = from.get_string(); break;
            case fields::track_descriptor::parent_uuid: made.parent = from.get_uint64(); break;
            case fields::track_descriptor::counter: made.is_counter = true; [[fallthrough]];
            default: from.skip();
            }
        EXPECT_FALSE(described_.contains(uuid));
        if (made.parent == 0)
            groups.push_back(made.name);
        else
            made.name = described_.at(made.parent).name + '/' + made.name;
        described_[uuid] = made;
        tracks++;
    }

    void take_names(protozero::pbf_reader from) {
        while (from.next(fields::interned_data::event_names)) {
            protozero::pbf_reader one = from.get_message();
            std::uint64_t iid = 0;
            while (one.next())
                if (one.tag() == fields::event_name::iid)
                    iid = one.get_uint64();
                else
                    names_[iid] = one.get_string();
        }
    }

    void take_bundle(protozero::pbf_reader from) {
        std::uint32_t cpu = 0;
        while (from.next())
            if (from.tag() == fields::ftrace_event_bundle::cpu)
                cpu = from.get_uint32();
            else
                take_ftrace(cpu, from.get_message());
    }

    void take_ftrace(std::uint32_t cpu, protozero::pbf_reader from) {
        namespace field = fields::ftrace_event;
        std::uint64_t ns = 0;
        bool has_pid = false;
        while (from.next()) {
            const auto tag = from.tag();
            if (tag == field::timestamp) {
                ns = from.get_uint64();
                continue;
            }
            if (tag == field::pid) {
                has_pid = from.get_uint32() == 0;
                continue;
            }
            protozero::pbf_reader inner = from.get_message();
            const bool is_softirq = tag == field::softirq_entry || tag == field::softirq_exit;
            std::string name = is_softirq ? "softirq" : "irq";
            while (inner.next())
                name += inner.tag() == 1 ? ' ' + std::to_string(inner.get_int32()) : ' ' + inner.get_string();
            const std::string track = "ftrace " + std::to_string(cpu);
            if (tag == field::softirq_entry || tag == field::irq_handler_entry) {
                begin(track, ns).name = name;
            } else {
                ASSERT_FALSE(open_[track].empty());
                EXPECT_TRUE(open_[track].back().name.starts_with(name))
                    << open_[track].back().name << " ends as " << name;
                end(track, ns);
            }
        }
        EXPECT_TRUE(has_pid);
    }

    void take_event(std::uint64_t ns, std::uint64_t flags, const std::string& bytes) {
        namespace field = fields::track_event;
        std::uint64_t uuid = 0;
        int type = 0;
        double value = 0;
        drawn_slice made;
        protozero::pbf_reader from(bytes);
        while (from.next()) switch (from.tag()) {
            case field::type: type = from.get_enum(); break;
            case field::track_uuid: uuid = from.get_uint64(); break;
            case field::name: made.name = from.get_string(); break;
            case field::name_iid:
                EXPECT_EQ(flags, fields::needs_incremental_state);
                made.name = names_.at(from.get_uint64());
                break;
            case field::counter_value: value = static_cast<double>(from.get_int64()); break;
            case field::double_counter_value: value = from.get_double(); break;
            case field::debug_annotations: take_note(made, {}, 0, from.get_message()); break;
            case field::callstack: take_stack(made, from.get_message()); break;
            default: ADD_FAILURE() << "field " << from.tag(); from.skip();
            }
        ASSERT_TRUE(described_.contains(uuid)) << uuid;
        const described& track = described_[uuid];
        EXPECT_NE(track.parent, 0U) << "an event on a group";
        EXPECT_EQ(type == fields::counter_sample, track.is_counter);
        const std::string key = std::to_string(uuid) + track.name;
        if (type == fields::counter_sample) {
            move(key, ns);
            counters[track.name].emplace_back(ns, value);
        } else if (type == fields::slice_begin) {
            begin(key, ns) = made;
            open_[key].back().start_ns = ns;
            open_[key].back().depth = open_[key].size() - 1;
            keys_[key] = track.name;
        } else {
            end(key, ns);
        }
    }

    static void take_note(drawn_slice& to, std::string name, std::size_t number, protozero::pbf_reader from) {
        namespace field = fields::debug_annotation;
        std::string value;
        std::vector<protozero::pbf_reader> inner;
        std::string own = std::to_string(number);
        while (from.next()) switch (from.tag()) {
            case field::name: own = from.get_string(); break;
            case field::bool_value: value = from.get_bool() ? "true" : "false"; break;
            case field::uint_value: value = std::to_string(from.get_uint64()); break;
            case field::int_value: value = std::to_string(from.get_int64()); break;
            case field::string_value: value = from.get_string(); break;
            default: inner.push_back(from.get_message());
            }
        name += (name.empty() ? "" : ".") + own;
        if (inner.empty()) to.notes[name] = value;
        for (std::size_t i = 0; i < inner.size(); i++) take_note(to, name, i, inner[i]);
    }

    static void take_stack(drawn_slice& to, protozero::pbf_reader from) {
        while (from.next(fields::callstack::frames)) {
            protozero::pbf_reader frame = from.get_message();
            while (frame.next(fields::frame::function_name)) to.stack.push_back(frame.get_string());
        }
    }

    void move(const std::string& track, std::uint64_t ns) {
        EXPECT_GE(ns, last_ns_[track]) << track;
        last_ns_[track] = ns;
    }

    drawn_slice& begin(const std::string& track, std::uint64_t ns) {
        move(track, ns);
        drawn_slice& made = open_[track].emplace_back();
        made.start_ns = ns;
        made.depth = open_[track].size() - 1;
        return made;
    }

    void end(const std::string& track, std::uint64_t ns) {
        move(track, ns);
        ASSERT_FALSE(open_[track].empty()) << "an end without its begin on " << track;
        drawn_slice made = open_[track].back();
        open_[track].pop_back();
        made.end_ns = ns;
        slices[keys_.contains(track) ? keys_[track] : track].push_back(made);
    }

    std::uint32_t sequence_ = 0;
    std::size_t packets_ = 0;
    std::map<std::uint64_t, described> described_;
    std::map<std::uint64_t, std::string> names_;
    std::map<std::string, std::vector<drawn_slice>> open_;
    std::map<std::string, std::string> keys_; // a track with its number -> its name
    std::map<std::string, std::uint64_t> last_ns_;
};

} // namespace irqscope::exporting
