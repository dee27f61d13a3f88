// SPDX-License-Identifier: BSD-2-Clause
// Folded stacks, a line each, weighted by stalled nanoseconds: for flame graphs (flamegraph.pl, inferno) and speedscope.
#pragma once

#include "exporting/exporter.hpp"
#include "exporting/output.hpp"
#include "exporting/told_once.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace irqscope::exporting {

// "irq_off;fio;outermost;..;innermost 20123456": stalls of different kinds may be of the same time, and each kind has a root of
// its own.
class folded final : public exporter {
public:
    folded(const recording::replay& of, output& to);

    void on_told(model::stall one) override { stalls_.told(std::move(one)); }
    result<void> finish() override;

private:
    void add(const model::stall& one);

    output* to_;
    told_once stalls_;
    std::map<std::string, std::uint64_t> stacks_; // ns
};

} // namespace irqscope::exporting
