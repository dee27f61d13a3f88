// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/openmetrics.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace irqscope::exporting {

namespace {

constexpr std::string_view stall_name = "irqscope_stall_seconds";

// The words of a metric: the name of its family, and what its key is a name of.
struct words {
    std::string family;
    std::string_view key; // empty: it has none
    std::string_view help;
};

words words_of(model::metric which) {
    const std::string family = fmt::format("irqscope_{}_seconds", name_of(which));
    switch (which) {
    case model::metric::softirq_latency: return {family, "vector", "The oldest raise of a vector until its entry."};
    case model::metric::softirq_run: return {family, "vector", "A softirq's run."};
    case model::metric::hardirq_run: return {family, "action", "The run of a device interrupt's action."};
    case model::metric::sysvec_run: return {family, "sysvec", "The run of a system vector's handler."};
    case model::metric::irq_off: return {family, "", "How late a heartbeat's timer interrupt was."};
    case model::metric::idle_exit: return {family, "", "The same where only idle and its exit were in the way."};
    case model::metric::softirq_off: return {family, "", "A raise until the first softirq."};
    case model::metric::ksoftirqd_latency: return {family, "thread", "Its waking until it runs."};
    case model::metric::ksoftirqd_run: return {family, "thread", "Its run until it sleeps."};
    }
    return {family, "key", ""};
}

labels labels_of(const model::series& one) {
    labels made{{"cpu", std::to_string(one.cpu)}};
    if (const std::string_view key = words_of(one.id.what).key; !key.empty()) made.emplace_back(key, one.id.key);
    if (one.id.context) made.emplace_back("context", *one.id.context);
    if (one.id.what == model::metric::hardirq_run)
        made.emplace_back("irq", one.id.irq ? std::to_string(*one.id.irq) : std::string{});
    return made;
}

// The series of whose samples a stall is one.
std::optional<model::series_id> series_of(const model::stall& one) {
    switch (one.kind) {
    case model::stall_kind::irq_off: return model::series_id{model::metric::irq_off, {}, {}, {}};
    case model::stall_kind::softirq_off: return model::series_id{model::metric::softirq_off, {}, {}, {}};
    case model::stall_kind::softirq_latency:
    case model::stall_kind::softirq_run:
    case model::stall_kind::hardirq_run: return one.of;
    case model::stall_kind::ksoftirqd: // an activation is a latency and a run
    case model::stall_kind::lockup: break;
    }
    return std::nullopt;
}

} // namespace

openmetrics::openmetrics(const recording::replay& of, const recording::selection& wanted, output& to)
    : of_(&of), to_(&to), sum_(wanted, [](const model::stall& /*one*/) {}),
      stalls_([this](const model::stall& one) { add(one); }) {}

void openmetrics::on_told(model::stall one) {
    stalls_.told(one);
    sum_.on_told(std::move(one));
}

void openmetrics::add(const model::stall& one) {
    const place where{one.cpu, one.kind};
    lengths_[where].count(one.at_least_ns);
    const auto when =
        std::chrono::duration_cast<std::chrono::nanoseconds>(of_->about().wall_of(one.end_ns).time_since_epoch());
    const exemplar example{
        {{"incident", std::to_string(one.incident)}, {"culprit", culprit_of(one)}}, one.at_least_ns, when.count()};
    keep_longest(longest_[where], example);
    if (one.state != model::stall_state::ended) return; // no histogram has counted it
    if (const auto id = series_of(one)) keep_longest(by_series_[{one.cpu, *id}], example);
}

void openmetrics::write_metric(model::metric which, const model::snapshot& from) {
    const words say = words_of(which);
    bool begun = false;
    for (const model::series& one : from.all) {
        if (one.id.what != which || one.values.empty()) continue;
        if (!begun) to_->write(family(say.family, "histogram", "seconds", say.help));
        begun = true;
        const auto found = by_series_.find({one.cpu, one.id});
        to_->write(histogram_samples(say.family, labels_of(one), one.values,
                                     found == by_series_.end() ? nullptr : &found->second));
    }
}

void openmetrics::write_stalls() {
    if (!lengths_.empty())
        to_->write(family(stall_name, "histogram", "seconds", "Stalls above their kind's threshold, by length."));
    for (const auto& [where, lengths] : lengths_)
        to_->write(histogram_samples(
            stall_name, {{"cpu", std::to_string(where.first)}, {"kind", std::string(name_of(where.second))}}, lengths,
            &longest_.at(where)));
}

void openmetrics::write_account(const model::snapshot& from) {
    const recording::header& about = of_->about();
    to_->write(family("irqscope_recording", "info", "", "The recording that all of this is from."));
    to_->write(sample(
        "irqscope_recording_info",
        {{"host", about.host}, {"kernel", about.kernel}, {"machine", about.machine}, {"version", about.version}}, "1"));
    to_->write(family("irqscope_recorded_seconds", "gauge", "seconds", "Of how much time histograms and stalls are."));
    to_->write(sample("irqscope_recorded_seconds", {}, seconds(from.sampled_ns())));
    to_->write(family("irqscope_account_seconds", "gauge", "seconds",
                      "Of how much time beats and losses are: of whole intervals, whatever part was asked for."));
    to_->write(sample("irqscope_account_seconds", {}, seconds(from.duration_ns)));
    to_->write(family("irqscope_beats", "counter", "", "Heartbeats: those that were due, and what became of them."));
    for (const auto& [cpu, beats] : from.coverage.heartbeats)
        for (const auto& [state, count] :
             {std::pair{"due", beats.due}, std::pair{"seen", beats.seen}, std::pair{"late", beats.late},
              std::pair{"skipped", beats.skipped}, std::pair{"unseen", beats.unseen}})
            to_->write(sample("irqscope_beats_total", {{"cpu", std::to_string(cpu)}, {"state", state}},
                              std::to_string(count)));
    to_->write(family("irqscope_lost", "counter", "", "What was due to be seen and was not, by kind."));
    for (const auto& [kind, count] : from.lost.counts)
        to_->write(sample("irqscope_lost_total", {{"kind", kind}}, std::to_string(count)));
}

result<void> openmetrics::finish() {
    const auto sums = sum_.whole(*of_);
    stalls_.rest();
    for (const model::metric which : model::all_metrics) write_metric(which, sums.histograms);
    write_stalls();
    write_account(sums.histograms);
    to_->write("# EOF\n");
    return {};
}

} // namespace irqscope::exporting
