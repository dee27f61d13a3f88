// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/perfetto_spans.hpp"

#include "exporting/nesting.hpp"
#include "exporting/perfetto_fields.hpp"
#include "sink/page.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <protozero/pbf_writer.hpp>
#include <string>

namespace irqscope::exporting {

namespace {

using protozero::pbf_writer;
namespace ftrace = fields::ftrace_event;

constexpr std::size_t longest_name = 100;
constexpr std::size_t bundle_bytes = 32U << 10U;

// 24 bytes each. A run is written where it belongs unless half as many others of its CPU begin and end in the middle of it.
std::size_t held_by(std::size_t cpus) {
    constexpr std::size_t all = 2U << 20U;
    constexpr std::size_t least = 4U << 10U;
    constexpr std::size_t enough = 64U << 10U;
    return std::clamp(all / std::max<std::size_t>(cpus, 1), least, enough);
}

nested_span nested(std::uint64_t start_ns, std::uint64_t end_ns, std::uint32_t what) {
    return {std::min(start_ns, end_ns), end_ns, what}; // a damaged row may be longer than its time since boot
}

nested_span nested(const wire_span& of) { return nested(of.start_ns, of.start_ns + of.duration_ns, of.histogram); }

bool is_sysvec(std::uint32_t histogram) {
    return histogram >= WIRE_HIST_SYSVEC_RUN && histogram < WIRE_HIST_HARDIRQ_RUN;
}

} // namespace

// Entries and exits of a CPU's device interrupts and softirqs, in bundles.
class perfetto_spans::ftrace_writer final : public nest_writer {
public:
    ftrace_writer(const recording::replay& of, perfetto_packets& to, std::uint32_t cpu)
        : of_(&of), to_(&to), cpu_(cpu), known_(WIRE_HISTS) {}

    void begin(std::uint64_t ns, std::uint32_t what) override { add(ns, encoded(what).entry); }
    void end(std::uint64_t ns, std::uint32_t what) override { add(ns, encoded(what).exit); }
    void finish() {
        if (!bundle_.empty()) to_->bundle(bundle_);
        bundle_.clear();
    }

private:
    struct both { // a FtraceEvent's fields without its time
        std::string entry;
        std::string exit;
    };

    // Nobody knows the task: 0 is the idle task's.
    static std::string one(fields::number which, const std::string& inner) {
        std::string made;
        pbf_writer to(made);
        to.add_uint32(ftrace::pid, 0);
        to.add_message(which, inner);
        return made;
    }

    static both softirq(std::uint32_t vector) {
        std::string inner;
        pbf_writer(inner).add_uint32(fields::softirq::vec, vector);
        return {one(ftrace::softirq_entry, inner), one(ftrace::softirq_exit, inner)};
    }

    static both handler(const model::series_id& id) {
        std::string inner;
        if (id.irq) pbf_writer(inner).add_int32(fields::irq_handler::irq, static_cast<std::int32_t>(*id.irq));
        std::string exit = one(ftrace::irq_handler_exit, inner);
        pbf_writer(inner).add_string(fields::irq_handler::name, sink::printable(id.key, longest_name));
        return {one(ftrace::irq_handler_entry, inner), std::move(exit)};
    }

    const both& encoded(std::uint32_t what) {
        std::unique_ptr<both>& made = known_[what];
        if (!made)
            made = std::make_unique<both>(what < WIRE_HIST_SOFTIRQ_LATENCY
                                              ? softirq(what / WIRE_CONTEXTS)
                                              : handler(of_->names().named(static_cast<int>(cpu_), what)));
        return *made;
    }

    void add(std::uint64_t ns, const std::string& fields_but_time) {
        event_.clear();
        pbf_writer(event_).add_uint64(ftrace::timestamp, to_->boot_of(ns));
        event_ += fields_but_time;
        pbf_writer to(bundle_);
        if (bundle_.empty()) to.add_uint32(fields::ftrace_event_bundle::cpu, cpu_);
        to.add_message(fields::ftrace_event_bundle::event, event_);
        if (bundle_.size() >= bundle_bytes) finish();
    }

    const recording::replay* of_;
    perfetto_packets* to_;
    std::uint32_t cpu_;
    std::vector<std::unique_ptr<both>> known_; // by histogram; a damaged recording may have 65,536 CPUs
    std::string bundle_;
    std::string event_; // room for one
};

// A CPU's slices on a track of its own.
class perfetto_spans::slice_writer final : public nest_writer {
public:
    slice_writer(perfetto_packets& to, perfetto_tracks& tracks, track_group in, std::uint32_t cpu)
        : to_(&to), tracks_(&tracks), in_(in), cpu_(cpu) {}

    void begin(std::uint64_t ns, std::uint32_t what) override {
        if (!looked_) {
            uuid_ = tracks_->add(in_, fmt::format("CPU {}", cpu_), static_cast<int>(cpu_));
            looked_ = true;
        }
        if (!uuid_) return;
        if (what != last_) {
            last_ = what;
            name_iid_ = to_->intern(name_of(what));
        }
        to_->begin(*uuid_, ns, name_iid_);
    }
    void end(std::uint64_t ns, std::uint32_t /*what*/) override {
        if (uuid_) to_->end(*uuid_, ns);
    }

private:
    static std::string name_of(std::uint32_t histogram) {
        if (histogram == WIRE_HIST_IRQ_OFF) return "irq-off";
        if (histogram == WIRE_HIST_SOFTIRQ_OFF) return "softirq-off";
        return std::string(stream::sysvec_name(histogram - WIRE_HIST_SYSVEC_RUN));
    }

    perfetto_packets* to_;
    perfetto_tracks* tracks_;
    track_group in_;
    std::uint32_t cpu_;
    bool looked_ = false;
    std::optional<std::uint64_t> uuid_; // nothing: there are too many tracks
    std::uint32_t last_ = UINT32_MAX;
    std::uint64_t name_iid_ = 0;
};

struct perfetto_spans::of_cpu {
    of_cpu(const recording::replay& of, perfetto_packets& to, perfetto_tracks& tracks, std::uint32_t cpu,
           std::size_t most)
        : native_writer(of, to, cpu), sysvec_writer(to, tracks, track_group::sysvecs, cpu),
          irq_off_writer(to, tracks, track_group::irq_off, cpu),
          softirq_off_writer(to, tracks, track_group::softirq_off, cpu), native(native_writer, most),
          sysvecs(sysvec_writer, most), irq_off(irq_off_writer, most), softirq_off(softirq_off_writer, most) {}

    ftrace_writer native_writer;
    slice_writer sysvec_writer;
    slice_writer irq_off_writer;
    slice_writer softirq_off_writer;
    nesting native;
    nesting sysvecs;
    nesting irq_off;
    nesting softirq_off;
};

perfetto_spans::perfetto_spans(const recording::replay& of, perfetto_packets& to, perfetto_tracks& tracks)
    : of_(&of), to_(&to), tracks_(&tracks), most_held_(held_by(of.about().cpus.size())) {}

perfetto_spans::~perfetto_spans() = default;

perfetto_spans::of_cpu& perfetto_spans::make(std::uint32_t cpu) {
    if (cpu >= cpus_.size()) cpus_.resize(cpu + 1);
    cpus_[cpu] = std::make_unique<of_cpu>(*of_, *to_, *tracks_, cpu, most_held_);
    return *cpus_[cpu];
}

void perfetto_spans::on_interrupt(const wire_span& span) {
    of_cpu& cpu = at(span.cpu);
    (is_sysvec(span.histogram) ? cpu.sysvecs : cpu.native).add(nested(span));
}

void perfetto_spans::on_softirq(const wire_softirq_span& span) {
    of_cpu& cpu = at(span.span.cpu);
    cpu.native.add(nested(span.span));
    if (span.off_ns == WIRE_NO_LATENCY) return;
    const std::uint64_t over_ns = span.span.start_ns;
    cpu.softirq_off.add(
        nested(over_ns - std::min<std::uint64_t>(over_ns, span.off_ns), over_ns, WIRE_HIST_SOFTIRQ_OFF));
}

void perfetto_spans::on_wait(const wire_span& span) {
    if (span.histogram == WIRE_HIST_IRQ_OFF)
        at(span.cpu).irq_off.add(nested(span));
    else if (span.histogram == WIRE_HIST_SOFTIRQ_OFF)
        at(span.cpu).softirq_off.add(nested(span));
}

void perfetto_spans::finish() {
    for (const auto& cpu : cpus_) {
        if (!cpu) continue;
        for (nesting* const one : {&cpu->native, &cpu->sysvecs, &cpu->irq_off, &cpu->softirq_off}) one->finish();
        cpu->native_writer.finish();
    }
}

std::uint64_t perfetto_spans::left_out() const {
    std::uint64_t sum = 0;
    for (const auto& cpu : cpus_)
        if (cpu)
            sum += cpu->native.left_out() + cpu->sysvecs.left_out() + cpu->irq_off.left_out() +
                   cpu->softirq_off.left_out();
    return sum;
}

std::uint64_t perfetto_spans::moved() const {
    std::uint64_t sum = 0;
    for (const auto& cpu : cpus_)
        if (cpu) sum += cpu->native.moved() + cpu->sysvecs.moved() + cpu->irq_off.moved() + cpu->softirq_off.moved();
    return sum;
}

} // namespace irqscope::exporting
