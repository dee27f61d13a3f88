// SPDX-License-Identifier: BSD-2-Clause
#include "model/flight.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

namespace irqscope::model {

namespace {

// Those with one of these are one: a pid with its kind, an interrupt, a vector in a context.
using identity = std::pair<flight_kind, std::uint32_t>;

// Whether `a` can have interrupted `b`, when both are there.
bool is_inside(const flight_span& a, const flight_span& b) {
    const int level_a = level_of(a.kind);
    const int level_b = level_of(b.kind);
    return level_a != level_b ? level_a > level_b : a.start_ns >= b.start_ns;
}

class sweep {
public:
    explicit sweep(const flight& of) : now_ns_(of.start_ns), end_ns_(of.end_ns) {}

    // In the order of start_ns.
    void add(const flight_span& span) {
        if (span.end_ns <= now_ns_ || span.start_ns >= end_ns_) return;
        charge_until(span.start_ns);
        there_.push_back(&span);
        flight_share& to = shares_[{span.kind, span.number}];
        to.of = span;
        to.count++;
    }

    flight_shares finish() {
        charge_until(end_ns_);
        for (const auto& [which, share] : shares_) {
            if (which.first == flight_kind::ksoftirqd || which.first == flight_kind::idle) continue;
            auto& most = result_.most.at(static_cast<std::size_t>(part_of(which.first)));
            if (!most || share.ns > most->ns) most = share;
        }
        return result_;
    }

private:
    void charge_until(std::uint64_t until_ns) {
        until_ns = std::min(until_ns, end_ns_);
        while (now_ns_ < until_ns) {
            std::erase_if(there_, [this](const flight_span* one) { return one->end_ns <= now_ns_; });
            std::uint64_t next_ns = until_ns;
            const flight_span* innermost = nullptr;
            for (const flight_span* one : there_) {
                next_ns = std::min(next_ns, one->end_ns);
                if (innermost == nullptr || is_inside(*one, *innermost)) innermost = one;
            }
            const std::uint64_t ns = next_ns - now_ns_;
            if (innermost == nullptr) {
                result_.unknown_ns += ns;
            } else {
                result_.ns.at(static_cast<std::size_t>(part_of(innermost->kind))) += ns;
                shares_[{innermost->kind, innermost->number}].ns += ns;
            }
            now_ns_ = next_ns;
        }
    }

    std::uint64_t now_ns_;
    std::uint64_t end_ns_;
    std::vector<const flight_span*> there_; // a few
    std::map<identity, flight_share> shares_;
    flight_shares result_;
};

} // namespace

part part_of(flight_kind kind) {
    switch (kind) {
    case flight_kind::hardirq: return part::hardirq;
    case flight_kind::sysvec: return part::sysvec;
    case flight_kind::softirq: return part::softirq;
    case flight_kind::softirq_of_ksoftirqd:
    case flight_kind::ksoftirqd: return part::ksoftirqd;
    case flight_kind::task: return part::task;
    case flight_kind::idle: return part::idle;
    }
    return part::unexplained;
}

std::string_view name_of(flight_kind kind) {
    return name_of(kind == flight_kind::softirq_of_ksoftirqd ? part::softirq : part_of(kind));
}

std::string comm_of(const flight_span& task) { return {task.comm.data(), strnlen(task.comm.data(), task.comm.size())}; }

flight_shares share(const flight& of) {
    std::vector<const flight_span*> order;
    order.reserve(of.spans.size());
    for (const flight_span& one : of.spans) order.push_back(&one);
    std::sort(order.begin(), order.end(),
              [](const flight_span* a, const flight_span* b) { return a->start_ns < b->start_ns; });
    sweep over(of);
    for (const flight_span* one : order) over.add(*one);
    return over.finish();
}

} // namespace irqscope::model
