// SPDX-License-Identifier: BSD-2-Clause
// A recording of given stalls, and what an exporter makes of it.
#pragma once

#include "exporting/output.hpp"
#include "recording/in_a_directory.hpp"
#include "recording/recorder.hpp"
#include "recording/replay.hpp"
#include "sink/made_stalls.hpp"
#include "sink/recorded.hpp"

#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

namespace irqscope::exporting {

class exported : public recording::in_a_directory {
protected:
    void SetUp() override {
        in_a_directory::SetUp();
        about_.host = "vm";
        about_.kernel = "6.1.0";
        about_.machine = "x86_64";
        about_.version = "0.1.0";
        about_.cpus = {0, 17};
        about_.monotonic_ns = 9'000 * sink::ms * 1'000;
        about_.boottime_ns = about_.monotonic_ns + 5'000'000'000;
        about_.realtime_ns = 1'746'680'000'000'000'000;
    }

    // each: what is told, in that order.
    void record(const std::function<void(sink::recorded&, recording::recorder&)>& each) const {
        stream::catalog names;
        recording::recorder out(one_file(text_of(about_)), [&] { return names; });
        out.start([] {});
        sink::recorded to(out);
        to.begin(sink::made_heading());
        each(to, out);
        model::snapshot interval = sink::made_snapshot();
        interval.start_ns = about_.monotonic_ns;
        interval.duration_ns = 1'000'000'000;
        to.interval(interval, {});
        ASSERT_TRUE(out.finish());
    }
    void record(const std::vector<model::stall>& all) const {
        record([&all](sink::recorded& to, recording::recorder&) {
            for (const model::stall& one : all) to.stall(one);
        });
    }

    template <typename T, typename... Arguments>
    [[nodiscard]] std::string export_with(const Arguments&... arguments) const {
        const std::string path = directory_ + "/out";
        auto from = std::move(*recording::replay::open(path_));
        auto to = std::move(*output::open(path));
        {
            T out(from, arguments..., to);
            from.run({}, out, out);
            EXPECT_TRUE(out.finish());
        }
        EXPECT_TRUE(to.keep());
        std::ifstream file(path, std::ios::binary);
        std::stringstream text;
        text << file.rdbuf();
        return text.str();
    }

    recording::header about_;
};

} // namespace irqscope::exporting
