// SPDX-License-Identifier: BSD-2-Clause
#include "recording/replay.hpp"

#include "stream/json_fields.hpp"
#include "stream/snapshot_lines.hpp"
#include "stream/stall_fields.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <utility>

namespace irqscope::recording {

namespace {

constexpr std::uint32_t most_series = 1U << 20; // that a file may number

// Rows are in the order of their ends but for those that an interrupt or a reader of the clock held up; by less than this.
constexpr std::uint64_t order_ns = 1'000'000'000;

std::uint64_t after(std::uint64_t ns) { return ns > UINT64_MAX - order_ns ? UINT64_MAX : ns + order_ns; }

std::string_view text_of(bytes from) {
    return {reinterpret_cast<const char*>(from.data()), from.size()}; // NOLINT(*-reinterpret-cast): a file's text
}

std::uint16_t record_kind(std::uint32_t histogram) {
    if (histogram < WIRE_HIST_SOFTIRQ_LATENCY) return WIRE_RECORD_SOFTIRQ;
    if (histogram < WIRE_HIST_SYSVEC_RUN) return 0; // latencies go with their softirq
    return histogram < WIRE_HIST_IRQ_OFF ? WIRE_RECORD_INTERRUPT : WIRE_RECORD_WAIT;
}

} // namespace

bool selection::has(int cpu) const { return !cpus || std::binary_search(cpus->begin(), cpus->end(), cpu); }

result<untold> parse_untold(std::string_view text) {
    untold made;
    const auto parsed = stream::parse(text, [&made](const nlohmann::json& from) {
        for (const model::aside why : model::all_asides)
            if (const auto* const one =
                    stream::object_of(from.at("set_aside"), std::string(model::name_of(why)).c_str()))
                made.asides[why] = {stream::as<std::uint64_t>(one->at("count")),
                                    stream::as<std::uint64_t>(one->at("total_ns")),
                                    stream::as<std::uint64_t>(one->at("max_ns"))};
        for (const model::stall_kind kind : model::all_stall_kinds)
            if (const auto count = stream::optional_of<std::uint64_t>(from.at("suppressed"),
                                                                      std::string(model::name_of(kind)).c_str()))
                made.suppressed[kind] = *count;
    });
    if (!parsed) return tl::unexpected(parsed.error());
    return made;
}

result<replay> replay::open(const std::string& path) {
    auto file = file_reader::open(path);
    if (!file) return tl::unexpected(file.error());
    replay made(std::move(*file));
    const auto first = made.file_.next([](const chunk_head& head) { return head.kind == chunk_kind::header; });
    if (!first)
        return failure(exit_status::failed, fmt::format("{} has no header that could be read: it ends there, or is "
                                                        "damaged",
                                                        path));
    made.count(first->head);
    auto about = parse_header(text_of(first->payload));
    if (!about) return tl::unexpected(about.error());
    made.header_ = std::move(*about);
    return made;
}

void replay::count(const chunk_head& head) {
    account::of_kind& sum = account_.kinds[head.kind];
    sum.chunks++;
    sum.records += head.records;
    sum.bytes += head_size + head.stored_bytes;
    sum.unpacked += head.bytes;
    if (head.kind == chunk_kind::spans && head.cpu < stream::table::max_cpus)
        account_.spans[static_cast<int>(head.cpu)] += head.records;
    if ((head.first_ns == 0 && head.last_ns == 0) || head.kind == chunk_kind::untold) return;
    account_.first_ns = std::min(account_.first_ns, head.first_ns);
    account_.last_ns = std::max(account_.last_ns, head.last_ns);
}

// The histogram that stands for it here; WIRE_HISTS: none does.
std::uint16_t replay::index_of(const numbered_series& one) {
    static const stream::catalog fixed; // those that are the same on every CPU
    for (std::uint32_t index = 0; index < WIRE_HISTS; index++)
        if (fixed.series({}, index) == one.id) return static_cast<std::uint16_t>(index);
    if (one.id.what != model::metric::hardirq_run) return WIRE_HISTS;
    auto& slots = slots_[one.cpu];
    if (slots.size() >= WIRE_IRQ_SLOTS) return WIRE_HIST_HARDIRQ_OTHER;
    wire_irq_slot& slot = slots.emplace_back();
    slot.irq = one.id.irq.value_or(0);
    slot.claimed = 1;
    one.id.key.copy(static_cast<char*>(slot.name), sizeof(slot.name) - 1);
    return static_cast<std::uint16_t>(WIRE_HIST_HARDIRQ_RUN + slots.size() - 1);
}

void replay::take_series(const file_reader::chunk& from) {
    const auto lines = parse_series(text_of(from.payload));
    if (!lines) {
        account_.senseless_chunks++;
        return;
    }
    for (const numbered_series& one : *lines) {
        if (one.number >= most_series || one.cpu < 0 || one.cpu >= stream::table::max_cpus) continue;
        const std::uint16_t histogram = index_of(one);
        if (histogram >= WIRE_HISTS) continue;
        if (one.number >= meanings_.size()) meanings_.resize(one.number + 1);
        meanings_[one.number] = {record_kind(histogram), histogram};
    }
    for (const auto& [cpu, list] : slots_) names_.set_slots(cpu, list);
}

void replay::take_spans(const file_reader::chunk& from, const selection& wanted, stream::span_sink& to) {
    wire_softirq_span record{};
    record.span.cpu = from.head.cpu;
    row_reader rows(from.payload, from.head.first_ns);
    row one;
    while (rows.next(one)) {
        if (one.end_ns < wanted.from_ns || one.end_ns >= wanted.to_ns) continue;
        account_.spans_read++;
        const meaning what = one.number < meanings_.size() ? meanings_[one.number] : meaning{};
        record.span.kind = what.kind;
        record.span.histogram = what.histogram;
        record.span.start_ns = one.end_ns - one.duration_ns;
        record.span.duration_ns = one.duration_ns;
        record.span.nested_ns = one.nested_ns;
        record.latency_ns = one.has_latency ? one.latency_ns : WIRE_NO_LATENCY;
        record.off_ns = one.has_off ? one.off_ns : WIRE_NO_LATENCY;
        switch (what.kind) {
        case WIRE_RECORD_SOFTIRQ: to.on_softirq(record); break;
        case WIRE_RECORD_INTERRUPT: to.on_interrupt(record.span); break;
        case WIRE_RECORD_WAIT: to.on_wait(record.span); break;
        default: account_.unknown_spans++;
        }
    }
    if (!rows.whole()) account_.senseless_chunks++;
}

bool replay::take_lines(const file_reader::chunk& from, const selection& wanted, listener& to) {
    const std::string_view text = text_of(from.payload);
    if (from.head.kind == chunk_kind::stalls)
        return stream::each_line(text,
                                 [&](const nlohmann::json& line) {
                                     const bool over = line.at("schema") == "irqscope.stall_over/1";
                                     auto one = stream::stall_of(line);
                                     if (!one || !wanted.has(one->cpu) || one->end_ns < wanted.from_ns ||
                                         one->start_ns >= wanted.to_ns)
                                         return;
                                     over ? to.on_told_over(*one) : to.on_told(std::move(*one));
                                 })
            .has_value();
    if (from.head.kind == chunk_kind::untold) {
        const auto so_far = parse_untold(text);
        if (so_far) to.on_untold(*so_far);
        return so_far.has_value();
    }
    auto interval = stream::parse_snapshot(text);
    if (!interval) return false;
    for (const model::series& one : interval->all)
        if (one.cpu < 0 || one.cpu >= stream::table::max_cpus) return false;
    to.on_interval(*interval);
    return true;
}

void replay::run(const selection& wanted, stream::span_sink& spans, listener& to) {
    const auto is_wanted = [&](const chunk_head& head) {
        if (head.sequence != 0) count(head);
        switch (head.kind) {
        case chunk_kind::series: return true;
        case chunk_kind::spans:
            if (head.cpu >= stream::table::max_cpus) break;
            return wanted.spans && wanted.has(static_cast<int>(head.cpu)) &&
                   head.last_ns + order_ns >= wanted.from_ns && head.first_ns < after(wanted.to_ns);
        case chunk_kind::stalls:
        case chunk_kind::interval: return head.last_ns >= wanted.from_ns && head.first_ns < wanted.to_ns;
        case chunk_kind::untold: return head.first_ns < wanted.to_ns; // from before, too: what was so when it began
        case chunk_kind::header:
        case chunk_kind::index:
        case chunk_kind::end: return false;
        }
        (head.kind == chunk_kind::spans ? account_.senseless_chunks : account_.unknown_chunks)++;
        return false;
    };
    while (const auto chunk = file_.next(is_wanted)) {
        if (chunk->head.kind == chunk_kind::series)
            take_series(*chunk);
        else if (chunk->head.kind == chunk_kind::spans)
            take_spans(*chunk, wanted, spans);
        else if (!take_lines(*chunk, wanted, to))
            account_.senseless_chunks++;
    }
}

} // namespace irqscope::recording
