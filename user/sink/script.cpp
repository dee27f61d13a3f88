// SPDX-License-Identifier: BSD-2-Clause
#include "sink/script.hpp"

#include "sink/json_parts.hpp"
#include "sink/page.hpp"
#include "sink/sink.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace irqscope::sink {

namespace {

constexpr std::size_t batch = 64U << 10; // bytes that are written at once
constexpr std::size_t longest_key = 200;

std::string seconds(std::uint64_t ns) { return fmt::format("{}.{:09}", ns / 1'000'000'000, ns % 1'000'000'000); }

std::string number(std::uint64_t ns) { return ns == WIRE_NO_LATENCY ? std::string(1, '-') : std::to_string(ns); }

std::string or_none(std::string text) {
    if (text.empty()) text.push_back('-');
    return text;
}

} // namespace

std::string_view name_of(script_field which) {
    switch (which) {
    case script_field::start: return "start";
    case script_field::end: return "end";
    case script_field::cpu: return "cpu";
    case script_field::metric: return "metric";
    case script_field::duration: return "duration_ns";
    case script_field::nested: return "nested_ns";
    case script_field::latency: return "latency_ns";
    case script_field::off: return "off_ns";
    case script_field::irq: return "irq";
    case script_field::context: return "context";
    case script_field::key: return "key";
    }
    return "?";
}

script::script(script_options options, const recording::replay& of, const stalls_heading& heading, writer write)
    : write_(write ? std::move(write) : writer(write_out)), options_(std::move(options)), of_(&of) {
    stalls_as_json_.begin(heading);
    if (options_.fields.empty()) options_.fields.assign(all_script_fields.begin(), all_script_fields.end() - 1);
    if (options_.json) return;
    out_.push_back('#');
    for (const script_field one : options_.fields) out_ += fmt::format(" {}", name_of(one));
    out_ += '\n';
}

void script::on_told(model::stall one) {
    held_.push_back({one.end_ns, {}, static_cast<std::uint32_t>(stalls_.size()) + 1});
    stalls_.push_back(std::move(one));
}

void script::on_interval(const model::snapshot& one) { tell(one.start_ns + one.duration_ns); }

void script::tell(std::uint64_t until_ns) {
    std::stable_sort(held_.begin(), held_.end(), [](const line& a, const line& b) { return a.end_ns < b.end_ns; });
    std::size_t told = 0;
    for (; told < held_.size() && held_[told].end_ns <= until_ns && read_; told++) {
        out_ += options_.json ? json_of(held_[told]) : text_of(held_[told]);
        if (out_.size() < batch) continue;
        read_ = write_(out_);
        out_.clear();
    }
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(told));
    if (held_.empty()) stalls_.clear();
    if (!read_) held_.clear();
}

void script::flush() { read_ = read_ && write_(std::exchange(out_, {})); }

bool script::finish() {
    tell(UINT64_MAX);
    flush();
    return read_;
}

std::string script::text_of(const line& one) const {
    const model::stall* const stall = one.stall == 0 ? nullptr : &stalls_[one.stall - 1];
    const wire_span& span = one.span.span;
    model::series_id id;
    if (stall == nullptr)
        id = of_->names().named(static_cast<int>(span.cpu), span.histogram);
    else if (stall->of)
        id = *stall->of;
    std::string text;
    for (const script_field field : options_.fields) {
        if (!text.empty()) text += ' ';
        switch (field) {
        case script_field::start: text += seconds(stall != nullptr ? stall->start_ns : span.start_ns); break;
        case script_field::end: text += seconds(one.end_ns); break;
        case script_field::cpu:
            text += fmt::format("{:03}", stall != nullptr ? stall->cpu : static_cast<int>(span.cpu));
            break;
        case script_field::metric:
            text += stall == nullptr
                        ? std::string(model::name_of(id.what))
                        : fmt::format("stall:{}:{}", model::name_of(stall->kind), model::name_of(stall->state));
            break;
        case script_field::duration: text += number(stall != nullptr ? stall->at_least_ns : span.duration_ns); break;
        case script_field::nested: text += number(stall != nullptr ? WIRE_NO_LATENCY : span.nested_ns); break;
        case script_field::latency: text += number(stall != nullptr ? WIRE_NO_LATENCY : one.span.latency_ns); break;
        case script_field::off: text += number(stall != nullptr ? WIRE_NO_LATENCY : one.span.off_ns); break;
        case script_field::irq: text += id.irq ? number(*id.irq) : number(WIRE_NO_LATENCY); break;
        case script_field::context: text += or_none(printable(id.context.value_or(""), longest_key)); break;
        case script_field::key:
            text += or_none(printable(stall != nullptr ? model::culprit_of(*stall) : id.key, longest_key));
            break;
        }
    }
    text.push_back('\n');
    return text;
}

std::string script::json_of(const line& one) const {
    if (one.stall != 0) return stalls_as_json_.text_of(stalls_[one.stall - 1]);
    const wire_span& span = one.span.span;
    object to{{"schema", "irqscope.span/1"}};
    to.update(id_of(of_->names().named(static_cast<int>(span.cpu), span.histogram), static_cast<int>(span.cpu)));
    to["start_ns"] = span.start_ns;
    to["duration_ns"] = span.duration_ns;
    to["nested_ns"] = span.nested_ns;
    const auto or_null = [](std::uint64_t ns) { return ns == WIRE_NO_LATENCY ? object(nullptr) : object(ns); };
    to["latency_ns"] = or_null(one.span.latency_ns);
    to["off_ns"] = or_null(one.span.off_ns);
    return dump(to, true);
}

} // namespace irqscope::sink
