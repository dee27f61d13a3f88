// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/perf_records.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <linux/perf_event.h>

namespace irqscope::exporting::perf_records {

namespace {

// Not in the kernel's header: tools/perf/util/event.h (user_event_type).
constexpr std::uint32_t header_attr = 64;
constexpr std::uint32_t event_update = 78;
constexpr std::uint32_t header_feature = 80;
constexpr std::uint64_t update_name = 2;        // PERF_EVENT_UPDATE__NAME
constexpr std::uint32_t sw_bpf_output = 10;     // PERF_COUNT_SW_BPF_OUTPUT
constexpr std::uint16_t symbol_out_of_line = 2; // PERF_RECORD_KSYMBOL_TYPE_OOL
constexpr std::size_t text_step = 64;           // in which perf writes texts of features (NAME_ALIGN)

template <typename T>
void put(std::string& to, T value) {
    std::array<char, sizeof(T)> raw{};
    std::memcpy(raw.data(), &value, sizeof(T));
    to.append(raw.data(), raw.size());
}

void put_padded(std::string& to, std::string_view text, std::size_t step) {
    to += text;
    to.append(step - text.size() % step, '\0'); // at least the one that ends it
}

std::string record_of(std::uint32_t type, std::uint16_t misc, std::string_view body) {
    std::string made;
    put(made, type);
    put(made, misc);
    put(made, static_cast<std::uint16_t>(sizeof(perf_event_header) + body.size()));
    made += body;
    return made;
}

// What sample_id_all appends to records that are no samples. Which event they are of does not matter.
void put_sample_id(std::string& to, int pid, std::uint64_t time_ns) {
    put(to, pid);
    put(to, pid);
    put(to, time_ns);
    put(to, std::uint32_t{0}); // CPU
    put(to, std::uint32_t{0});
    put(to, id_of(0));
}

} // namespace

std::string number(std::uint64_t value) {
    std::string made;
    put(made, value);
    return made;
}

std::string attr() {
    perf_event_attr made{};
    made.type = PERF_TYPE_SOFTWARE;
    made.size = attr_size;
    made.config = sw_bpf_output;
    made.sample_period = 1;
    made.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU |
                       PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_RAW;
    made.sample_id_all = 1;
    made.use_clockid = 1;
    made.clockid = CLOCK_MONOTONIC;
    std::string raw(attr_size, '\0');
    std::memcpy(raw.data(), &made, std::min(sizeof(made), attr_size));
    return raw;
}

std::string function(std::uint64_t address, std::uint32_t length, std::string_view name, std::uint64_t time_ns) {
    std::string body;
    put(body, address);
    put(body, length);
    put(body, symbol_out_of_line);
    put(body, std::uint16_t{0});
    put_padded(body, name, 8);
    put_sample_id(body, 0, time_ns);
    return record_of(PERF_RECORD_KSYMBOL, PERF_RECORD_MISC_KERNEL, body);
}

std::string kernel_map(std::uint64_t address, std::uint64_t length, std::uint64_t time_ns) {
    std::string body;
    put(body, -1);
    put(body, 0);
    put(body, address);
    put(body, length);
    put(body, address);
    put_padded(body, "[kernel.kallsyms]_text", 8);
    put_sample_id(body, 0, time_ns);
    return record_of(PERF_RECORD_MMAP, PERF_RECORD_MISC_KERNEL, body);
}

std::string comm(int pid, std::string_view name, std::uint64_t time_ns) {
    std::string body;
    put(body, pid);
    put(body, pid);
    put_padded(body, name, 8);
    put_sample_id(body, pid, time_ns);
    return record_of(PERF_RECORD_COMM, 0, body);
}

std::string record(const sample& from) {
    std::string body;
    put(body, id_of(from.event));
    put(body, from.chain.front());
    put(body, from.pid);
    put(body, from.pid);
    put(body, from.time_ns);
    put(body, static_cast<std::uint32_t>(from.cpu));
    put(body, std::uint32_t{0});
    put(body, from.period);
    put(body, std::uint64_t{from.chain.size() + 1});
    put(body, static_cast<std::uint64_t>(PERF_CONTEXT_KERNEL));
    for (const std::uint64_t address : from.chain) put(body, address);
    std::string raw;
    put_padded(raw, from.text, 8);
    raw.append(sizeof(std::uint32_t), '\0'); // its length stands before it, and both together are a multiple of 8
    put(body, static_cast<std::uint32_t>(raw.size()));
    body += raw;
    return record_of(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL, body);
}

std::string piped_attr(std::size_t event) { return record_of(header_attr, 0, attr() + number(id_of(event))); }

std::string piped_name(std::size_t event, std::string_view name) {
    std::string body = number(update_name) + number(id_of(event));
    put_padded(body, name, 8);
    return record_of(event_update, 0, body);
}

std::string piped_feature(unsigned which, std::string_view content) {
    std::string body = number(which);
    put_padded(body, content, 8);
    return record_of(header_feature, 0, body);
}

std::string text_feature(std::string_view text) {
    std::string padded;
    put_padded(padded, text, text_step);
    std::string made;
    put(made, static_cast<std::uint32_t>(padded.size()));
    return made + padded;
}

std::string cpu_count_feature(std::uint32_t count) {
    std::string made;
    put(made, count); // available
    put(made, count); // online
    return made;
}

std::string event_names_feature(std::span<const std::string> names) {
    std::string made;
    put(made, static_cast<std::uint32_t>(names.size()));
    put(made, static_cast<std::uint32_t>(attr_size));
    for (std::size_t event = 0; event < names.size(); event++) {
        made += attr();
        put(made, std::uint32_t{1}); // ids
        made += text_feature(names[event]);
        put(made, id_of(event));
    }
    return made;
}

std::string sample_time_feature(std::uint64_t first_ns, std::uint64_t last_ns) {
    return number(first_ns) + number(last_ns);
}

std::string clock_id_feature() { return number(CLOCK_MONOTONIC); }

std::string clock_data_feature(std::uint64_t realtime_ns, std::uint64_t monotonic_ns) {
    std::string made;
    put(made, std::uint32_t{1}); // its version
    put(made, std::uint32_t{CLOCK_MONOTONIC});
    return made + number(realtime_ns) + number(monotonic_ns);
}

std::string file_header(const sections& where, std::span<const unsigned> features) {
    std::string made = "PERFILE2";
    for (const std::uint64_t value :
         {std::uint64_t{file_header_size}, std::uint64_t{attr_size + 2 * sizeof(std::uint64_t)}, where.attrs_at,
          where.attrs_size, where.data_at, where.data_size, std::uint64_t{0}, std::uint64_t{0}})
        put(made, value);
    std::array<std::uint64_t, feature_bits / 64> bits{};
    for (const unsigned one : features) bits.at(one / 64) |= std::uint64_t{1} << one % 64;
    for (const std::uint64_t word : bits) put(made, word);
    return made;
}

std::string piped_header() { return "PERFILE2" + number(2 * sizeof(std::uint64_t)); }

} // namespace irqscope::exporting::perf_records
