// SPDX-License-Identifier: BSD-2-Clause
// What is done about stalls as they are told: --kmsg and --on-stall.
#pragma once

#include "cli/commands.hpp"
#include "cli/helper.hpp"
#include "model/act_rule.hpp"
#include "model/log_rule.hpp"
#include "result.hpp"
#include "sink/json_stalls.hpp"
#include "sink/stall_sink.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace irqscope::cli {

// As given; empty: not given.
struct acting_options {
    bool kmsg = false;
    std::optional<std::string> command;
    std::vector<std::string> kinds;
    std::string limit;
    std::string every;
};

struct acting_plan {
    helper_plan with;
    model::act_rule::plan when;
    [[nodiscard]] bool is_wanted() const { return with.kernel_log || !with.command.empty(); }
};

void add_acting(CLI::App& app, acting_options& to);
// watched: the kinds that are watched for. Fails: usage, failed (there is no such command).
result<acting_plan> understand(const acting_options& options,
                               const std::map<model::stall_kind, std::uint64_t>& watched);

// Nothing: it is not wanted. Early: see helper::start(), and for how it fails.
result<std::optional<helper>> start_helper(const acting_plan& plan);

// Between the watch and what it tells.
class acting final : public sink::stall_sink {
public:
    // plan and to live as long as this.
    acting(const acting_plan& plan, std::optional<helper> with, sink::stall_sink& to)
        : plan_(&plan), rule_(plan.when), helper_(std::move(with)), to_(&to) {}

    // At each turn: what is due, and what has come back. Waits for nothing.
    void turn(std::uint64_t now_ns);
    // Behind the last turn: waits for the command that runs, which a signal cuts short (a second one: no longer waits), and says
    // what was done, on stderr and if wanted in a JSON document on stdout (irqscope.actions/1).
    void finish(bool json);

    bool begin(const sink::stalls_heading& heading) override;
    bool stall(const model::stall& one) override;
    bool over(const model::stall& one) override { return to_->over(one); }
    bool report(const model::stalls_report& report) override { return to_->report(report); }

private:
    struct counts {
        std::uint64_t runs = 0;
        std::uint64_t failed = 0;      // of those: a status that is not 0
        std::uint64_t killed = 0;      // of those: at their limit
        std::uint64_t undelivered = 0; // orders that the helper did not take
        std::uint64_t lines = 0;
        std::uint64_t lines_failed = 0; // of those
        std::uint64_t longest_ns = 0;   // that a call from the watch took
    };

    void act(const model::stall& one);
    void write(const std::vector<model::log_rule::line>& lines);
    void take_news();
    void was_over(const host::errand::end& end);
    void took(std::uint64_t since_ns);
    [[nodiscard]] std::string words() const;
    [[nodiscard]] std::string document() const;

    const acting_plan* plan_;
    model::act_rule rule_;
    model::log_rule log_;
    std::optional<helper> helper_;
    sink::stall_sink* to_;
    sink::json_stalls lines_;
    counts counts_;
    bool finishing_ = false;
    bool told_gone_ = false;
};

} // namespace irqscope::cli
