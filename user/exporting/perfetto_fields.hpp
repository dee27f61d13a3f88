// SPDX-License-Identifier: BSD-2-Clause
// Field numbers of Perfetto's messages (its protos/perfetto/trace), as far as they are written; by message, in its names.
#pragma once

#include <protozero/types.hpp>

namespace irqscope::exporting::fields {

using number = protozero::pbf_tag_type;

namespace trace {
constexpr number packet = 1;
}

namespace trace_packet {
constexpr number ftrace_events = 1;
constexpr number clock_snapshot = 6;
constexpr number timestamp = 8;
constexpr number trusted_packet_sequence_id = 10;
constexpr number track_event = 11;
constexpr number interned_data = 12;
constexpr number sequence_flags = 13;
constexpr number track_descriptor = 60;
} // namespace trace_packet

// The values of trace_packet::sequence_flags.
constexpr unsigned incremental_state_cleared = 1;
constexpr unsigned needs_incremental_state = 2;

namespace clock_snapshot {
constexpr number clocks = 1;
constexpr number primary_trace_clock = 2;
} // namespace clock_snapshot

namespace clock {
constexpr number clock_id = 1;
constexpr number timestamp = 2;
} // namespace clock

// The values of clock::clock_id.
constexpr unsigned realtime = 1;
constexpr unsigned monotonic = 3;
constexpr unsigned boottime = 6;

namespace interned_data {
constexpr number event_names = 2;
}

namespace event_name {
constexpr number iid = 1;
constexpr number name = 2;
} // namespace event_name

namespace track_descriptor {
constexpr number uuid = 1;
constexpr number name = 2;
constexpr number parent_uuid = 5;
constexpr number counter = 8;
constexpr number child_ordering = 11;
constexpr number sibling_order_rank = 12;
constexpr number description = 14;
} // namespace track_descriptor

constexpr int explicit_order = 3; // of track_descriptor::child_ordering

namespace track_event {
constexpr number debug_annotations = 4;
constexpr number type = 9;
constexpr number name_iid = 10;
constexpr number track_uuid = 11;
constexpr number name = 23;
constexpr number counter_value = 30;
constexpr number double_counter_value = 44;
constexpr number callstack = 55;
} // namespace track_event

// The values of track_event::type.
constexpr int slice_begin = 1;
constexpr int slice_end = 2;
constexpr int counter_sample = 4;

namespace callstack {
constexpr number frames = 1;
}

namespace frame {
constexpr number function_name = 1;
}

namespace debug_annotation {
constexpr number bool_value = 2;
constexpr number uint_value = 3;
constexpr number int_value = 4;
constexpr number string_value = 6;
constexpr number name = 10;
constexpr number dict_entries = 11;
constexpr number array_values = 12;
} // namespace debug_annotation

namespace ftrace_event_bundle {
constexpr number cpu = 1;
constexpr number event = 2;
} // namespace ftrace_event_bundle

namespace ftrace_event {
constexpr number timestamp = 1;
constexpr number pid = 2; // trace_processor refuses a whole trace in which an event has none
constexpr number softirq_entry = 24;
constexpr number softirq_exit = 25;
constexpr number irq_handler_entry = 36;
constexpr number irq_handler_exit = 37;
} // namespace ftrace_event

namespace softirq {
constexpr number vec = 1;
}

namespace irq_handler {
constexpr number irq = 1;
constexpr number name = 2;
} // namespace irq_handler

} // namespace irqscope::exporting::fields
