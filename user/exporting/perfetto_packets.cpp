// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/perfetto_packets.hpp"

#include "exporting/perfetto_fields.hpp"

#include <algorithm>
#include <protozero/pbf_writer.hpp>

namespace irqscope::exporting {

namespace {

using protozero::pbf_writer;
namespace packet = fields::trace_packet;
namespace event = fields::track_event;

// FNV-1a: the same recording makes the same trace.
std::uint64_t hash_of(const recording::header& about) {
    std::uint64_t hash = 0xcbf29ce484222325;
    const auto mix = [&hash](std::uint64_t byte) { hash = (hash ^ byte) * 0x100000001b3; };
    for (const char one : about.host) mix(static_cast<unsigned char>(one));
    for (std::uint64_t i = 0; i < 64; i += 8) mix(static_cast<std::uint64_t>(about.realtime_ns) >> i & 0xff);
    for (std::uint64_t i = 0; i < 64; i += 8) mix(about.monotonic_ns >> i & 0xff);
    return hash ^ hash >> 32;
}

constexpr std::uint64_t last_ns = INT64_MAX; // Perfetto's times are signed

// Perfetto's own sequences are counted from 1 on: out of their way, and three bytes long.
constexpr std::uint32_t first_sequence = 0x100000;
constexpr std::uint32_t sequences = 0x100000;

// A million tracks of each of so many recordings; six bytes long.
constexpr std::uint64_t uuid_bases = 0x3fffff;
constexpr unsigned uuid_bits = 20;

void add_clock(pbf_writer& to, unsigned id, std::uint64_t ns) {
    pbf_writer one(to, fields::clock_snapshot::clocks);
    one.add_uint32(fields::clock::clock_id, id);
    one.add_uint64(fields::clock::timestamp, ns);
}

} // namespace

perfetto_packets::perfetto_packets(const recording::header& about, output& to)
    : to_(&to), ahead_ns_(std::min(last_ns, about.boottime_ns - std::min(about.boottime_ns, about.monotonic_ns))),
      sequence_(first_sequence + static_cast<std::uint32_t>(hash_of(about) >> 24 & (sequences - 1))),
      next_uuid_((1 + hash_of(about) % uuid_bases) << uuid_bits) {
    clocks(about);
}

std::uint64_t perfetto_packets::boot_of(std::uint64_t ns) const {
    return ns > last_ns - ahead_ns_ ? last_ns : ns + ahead_ns_;
}

void perfetto_packets::put() {
    head_.clear();
    pbf_writer(head_).add_message(fields::trace::packet, packet_);
    to_->write(head_);
}

void perfetto_packets::clocks(const recording::header& about) {
    packet_.clear();
    {
        pbf_writer to(packet_);
        to.add_uint32(packet::trusted_packet_sequence_id, sequence_);
        to.add_uint32(packet::sequence_flags, fields::incremental_state_cleared);
        pbf_writer clocks(to, packet::clock_snapshot);
        add_clock(clocks, fields::boottime, boot_of(about.monotonic_ns));
        add_clock(clocks, fields::monotonic, about.monotonic_ns);
        add_clock(clocks, fields::realtime, static_cast<std::uint64_t>(about.realtime_ns));
        clocks.add_enum(fields::clock_snapshot::primary_trace_clock, fields::boottime);
    }
    put();
}

void perfetto_packets::describe(const track& one) {
    packet_.clear();
    {
        pbf_writer to(packet_);
        to.add_uint32(packet::trusted_packet_sequence_id, sequence_);
        namespace descriptor = fields::track_descriptor;
        pbf_writer made(to, packet::track_descriptor);
        made.add_uint64(descriptor::uuid, one.uuid);
        made.add_string(descriptor::name, one.name);
        if (one.parent != 0) made.add_uint64(descriptor::parent_uuid, one.parent);
        if (one.of_counter) made.add_message(descriptor::counter, std::string());
        if (one.of_tracks) made.add_enum(descriptor::child_ordering, fields::explicit_order);
        made.add_int32(descriptor::sibling_order_rank, one.rank);
        if (!one.description.empty()) made.add_string(descriptor::description, one.description);
    }
    put();
}

std::uint64_t perfetto_packets::intern(const std::string& name) {
    const auto [found, is_new] = names_.emplace(name, names_.size() + 1);
    if (!is_new) return found->second;
    packet_.clear();
    {
        pbf_writer to(packet_);
        to.add_uint32(packet::trusted_packet_sequence_id, sequence_);
        to.add_uint32(packet::sequence_flags, fields::needs_incremental_state);
        pbf_writer data(to, packet::interned_data);
        pbf_writer one(data, fields::interned_data::event_names);
        one.add_uint64(fields::event_name::iid, found->second);
        one.add_string(fields::event_name::name, name);
    }
    put();
    return found->second;
}

void perfetto_packets::begin_event(std::uint64_t uuid, int type) {
    event_.clear();
    pbf_writer to(event_);
    to.add_enum(event::type, type);
    to.add_uint64(event::track_uuid, uuid);
}

void perfetto_packets::put_event(std::uint64_t ns, bool is_interned) {
    packet_.clear();
    {
        pbf_writer to(packet_);
        to.add_uint64(packet::timestamp, boot_of(ns));
        to.add_uint32(packet::trusted_packet_sequence_id, sequence_);
        to.add_message(packet::track_event, event_);
        if (is_interned) to.add_uint32(packet::sequence_flags, fields::needs_incremental_state);
    }
    put();
}

void perfetto_packets::begin(std::uint64_t uuid, std::uint64_t ns, std::uint64_t name_iid) {
    begin_event(uuid, fields::slice_begin);
    pbf_writer(event_).add_uint64(event::name_iid, name_iid);
    put_event(ns, true);
}

void perfetto_packets::begin(std::uint64_t uuid, std::uint64_t ns, std::string_view encoded) {
    begin_event(uuid, fields::slice_begin);
    event_ += encoded;
    put_event(ns, false);
}

void perfetto_packets::end(std::uint64_t uuid, std::uint64_t ns) {
    begin_event(uuid, fields::slice_end);
    put_event(ns, false);
}

void perfetto_packets::count(std::uint64_t uuid, std::uint64_t ns, std::uint64_t value) {
    begin_event(uuid, fields::counter_sample);
    pbf_writer(event_).add_int64(event::counter_value,
                                 static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX)));
    put_event(ns, false);
}

void perfetto_packets::count(std::uint64_t uuid, std::uint64_t ns, double value) {
    begin_event(uuid, fields::counter_sample);
    pbf_writer(event_).add_double(event::double_counter_value, value);
    put_event(ns, false);
}

void perfetto_packets::bundle(std::string_view encoded) {
    packet_.clear();
    {
        pbf_writer to(packet_);
        to.add_message(packet::ftrace_events, protozero::data_view(encoded.data(), encoded.size()));
        to.add_uint32(packet::trusted_packet_sequence_id, sequence_);
    }
    put();
}

} // namespace irqscope::exporting
