// SPDX-License-Identifier: BSD-2-Clause
#include "stream/stall_flow.hpp"

#include "stream/activations.hpp"
#include "stream/away.hpp"

#include <algorithm>
#include <utility>

namespace irqscope::stream {

void stall_flow::add(const stall_record& record, const catalog& names) {
    decide(); // what is open is known as such before its end comes
    if (const auto* settled = std::get_if<wire_settled>(&record)) {
        settling_.settle({static_cast<int>(settled->cpu), settled->until_ns,
                          settled->steal_known != 0 ? std::optional<std::uint64_t>(settled->steal_ns) : std::nullopt,
                          settled->late_ns, settled->hole_start_ns, settled->hole_end_ns});
        return;
    }
    if (const auto* away = std::get_if<wire_away>(&record)) {
        settling_.away(static_cast<int>(away->cpu), {away->start_ns, away->end_ns});
        return;
    }
    const auto* activation = std::get_if<std::shared_ptr<const wire_activation_record>>(&record);
    const wire_stall& wire = activation != nullptr ? (*activation)->stall : std::get<wire_stall>(record);
    model::stall one =
        activation != nullptr ? make_stall(**activation, names, *symbols_) : make_stall(wire, names, *symbols_);
    if (recorder_ != nullptr) recorder_->see(wire, names, one);
    // Told as open, and its end went unseen: it is over, and how long it was nobody knows.
    if (wire.state == WIRE_STALL_GONE) {
        over(one);
        settling_.over(one);
        asides_[model::aside::unwatched].add(one.at_least_ns);
        return;
    }
    if (const auto away = away_of(wire, one, symbols_->table())) settling_.away(one.cpu, *away);
    if (one.state == model::stall_state::ended) over(one);
    std::optional<model::before> before;
    if (wire.beats_known != 0)
        before = {wire.steal_known != 0 ? std::optional<std::uint64_t>(wire.steal_ns) : std::nullopt, wire.late_ns};
    settling_.add(std::move(one), before);
}

void stall_flow::add_stuck(model::stall stuck) {
    std::uint64_t& told = stuck_[stuck.cpu];
    if (std::exchange(told, stuck.start_ns) == stuck.start_ns) return;
    settling_.add(std::move(stuck), std::nullopt);
}

void stall_flow::over(const model::stall& ended) {
    if (incidents_.over(ended)) over_.push_back({ready_.size(), ended});
}

void stall_flow::decide() {
    for (model::decision& one : settling_.take())
        if (one.why) {
            asides_[*one.why].add(one.one.end_ns - one.one.start_ns);
        } else {
            incidents_.add(one.one);
            ready_.push_back(std::move(one.one));
        }
}

std::vector<model::stall> stall_flow::take(std::uint64_t now_ns) {
    settling_.release(now_ns);
    decide();
    return std::exchange(ready_, {});
}

std::vector<model::stall> stall_flow::take_rest(std::uint64_t now_ns) {
    settling_.release_all();
    decide();
    incidents_.look(now_ns);
    return std::exchange(ready_, {});
}

std::vector<int> stall_flow::stalled_cpus() const {
    std::vector<int> cpus;
    for (const model::stall& one : incidents_.summary().open)
        if (cpus.empty() || cpus.back() != one.cpu) cpus.push_back(one.cpu);
    return cpus;
}

void stall_flow::report(model::stalls_report& to) const {
    incidents_.report(to);
    report_asides(to);
}

void stall_flow::report_asides(model::stalls_report& to) const {
    for (const auto& [why, from] : asides_) {
        model::set_aside& sum = to.asides[why];
        sum.count += from.count;
        sum.total_ns += from.total_ns;
        sum.max_ns = std::max(sum.max_ns, from.max_ns);
    }
}

} // namespace irqscope::stream
