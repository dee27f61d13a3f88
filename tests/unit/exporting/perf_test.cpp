// SPDX-License-Identifier: BSD-2-Clause
// exporting/perf: the bytes, walked through as the kernel's header describes them. tests/live has perf itself read them.
#include "exporting/perf.hpp"

#include "exporting/exported.hpp"
#include "exporting/perf_records.hpp"

#include <cstring>
#include <fmt/format.h>
#include <linux/perf_event.h>

namespace irqscope::exporting {

namespace {

template <typename T>
T at(const std::string& text, std::size_t where) {
    T value{};
    EXPECT_LE(where + sizeof(T), text.size());
    std::memcpy(&value, text.data() + where, sizeof(T));
    return value;
}

struct one_record {
    perf_event_header head{};
    std::string body;
};

class perf_file : public exported {
protected:
    void read(const std::vector<model::stall>& all) {
        record(all);
        file_ = export_with<perf>();
        ASSERT_EQ(file_.substr(0, 8), "PERFILE2");
        const auto start = at<std::uint64_t>(file_, 40);
        const auto size = at<std::uint64_t>(file_, 48);
        for (std::size_t where = start; where < start + size;) {
            one_record one{at<perf_event_header>(file_, where), {}};
            ASSERT_GE(one.head.size, sizeof(perf_event_header));
            ASSERT_EQ(one.head.size % 8U, 0U);
            ASSERT_LE(where + one.head.size, start + size);
            one.body = file_.substr(where + sizeof(perf_event_header), one.head.size - sizeof(perf_event_header));
            where += one.head.size;
            records_.push_back(std::move(one));
        }
    }
    [[nodiscard]] std::vector<std::string> of(std::uint32_t type) const {
        std::vector<std::string> found;
        for (const one_record& one : records_)
            if (one.head.type == type) found.push_back(one.body);
        return found;
    }
    std::string file_;
    std::vector<one_record> records_;
};

} // namespace

TEST_F(perf_file, sample_has_the_stalls_time_length_cpu_task_and_chain) {
    const model::stall one = sink::made_irq_off();
    read({one});
    const auto samples = of(PERF_RECORD_SAMPLE);
    ASSERT_EQ(samples.size(), 1U);
    const std::string& is = samples[0];
    EXPECT_EQ(at<std::uint64_t>(is, 0), perf_records::id_of(static_cast<std::size_t>(one.kind)));
    EXPECT_EQ(at<int>(is, 16), one.current.pid);
    EXPECT_EQ(at<std::uint64_t>(is, 24), one.end_ns);
    EXPECT_EQ(at<int>(is, 32), 17);
    EXPECT_EQ(at<std::uint64_t>(is, 40), one.at_least_ns);
    ASSERT_EQ(at<std::uint64_t>(is, 48), one.stack.size() + 1);
    EXPECT_EQ(at<std::uint64_t>(is, 56), static_cast<std::uint64_t>(PERF_CONTEXT_KERNEL));
    EXPECT_EQ(at<std::uint64_t>(is, 64), at<std::uint64_t>(is, 8)) << "the innermost is where it is";
    const auto functions = of(PERF_RECORD_KSYMBOL);
    ASSERT_EQ(functions.size(), one.stack.size());
    for (std::size_t i = 0; i < functions.size(); i++) {
        const auto offset = at<std::uint64_t>(is, 64 + 8 * i) - at<std::uint64_t>(functions[i], 0);
        const std::string name(functions[i].c_str() + 16);
        EXPECT_TRUE(one.stack[i].starts_with(name.substr(0, name.find(' ')) + fmt::format("+{:#x}", offset))) << name;
    }
    const std::size_t raw = 64 + 8 * one.stack.size();
    EXPECT_EQ((at<std::uint32_t>(is, raw) + sizeof(std::uint32_t)) % 8, 0U);
    EXPECT_EQ(raw + sizeof(std::uint32_t) + at<std::uint32_t>(is, raw), is.size());
    EXPECT_TRUE(
        std::string(is.c_str() + raw + 4).starts_with("irq_off ended 107000000..108000000 ns CPU 17 incident "));
}

TEST_F(perf_file, function_and_task_are_told_once_and_a_task_that_has_changed_each_time) {
    model::stall other = sink::made_irq_off();
    other.current.comm = "sh [x]";
    read({sink::made_irq_off(), sink::made_irq_off(), other, other});
    EXPECT_EQ(of(PERF_RECORD_SAMPLE).size(), 4U);
    EXPECT_EQ(of(PERF_RECORD_KSYMBOL).size(), sink::made_irq_off().stack.size());
    const auto comms = of(PERF_RECORD_COMM);
    ASSERT_EQ(comms.size(), 2U + 1U);
    EXPECT_STREQ(comms[0].c_str() + 8, "bash");
    EXPECT_STREQ(comms[2].c_str() + 8, "sh [x]");
}

TEST_F(perf_file, empty_one_has_its_events_and_no_time_of_samples) {
    read({});
    EXPECT_TRUE(of(PERF_RECORD_SAMPLE).empty());
    EXPECT_EQ(at<std::uint64_t>(file_, 32), model::all_stall_kinds.size() * 144);
    EXPECT_EQ(at<std::uint64_t>(file_, 72) >> perf_records::sample_time & 1U, 0U);
    EXPECT_EQ(at<std::uint64_t>(file_, 72) >> perf_records::event_names & 1U, 1U);
}

TEST_F(perf_file, features_lie_where_the_table_says) {
    read({sink::made_irq_off()});
    const auto data = at<std::uint64_t>(file_, 40);
    std::size_t entry = data + at<std::uint64_t>(file_, 48);
    const auto bits = at<std::uint64_t>(file_, 72);
    std::size_t end = 0;
    for (unsigned which = 0; which < 64; which++) {
        if ((bits >> which & 1U) == 0) continue;
        const auto where = at<std::uint64_t>(file_, entry);
        end = where + at<std::uint64_t>(file_, entry + 8);
        ASSERT_LE(end, file_.size());
        if (which == perf_records::hostname) {
            EXPECT_STREQ(file_.c_str() + where + 4, "vm");
        }
        if (which == perf_records::clock_data) {
            EXPECT_EQ(at<std::uint64_t>(file_, where + 16), about_.monotonic_ns);
        }
        entry += 16;
    }
    EXPECT_EQ(end, file_.size());
}

// perf takes records in the order of their times, and a stall may have ended before the recording began.
TEST_F(perf_file, functions_are_known_before_all_samples) {
    model::stall one = sink::made_irq_off();
    one.end_ns = about_.monotonic_ns - 1;
    read({one});
    for (const std::uint32_t type : {std::uint32_t{PERF_RECORD_KSYMBOL}, std::uint32_t{PERF_RECORD_MMAP}})
        for (const std::string& body : of(type)) EXPECT_EQ(at<std::uint64_t>(body, body.size() - 24), 0U);
}

TEST_F(perf_file, task_that_nobody_knows_is_nobodys) {
    model::stall one = sink::made_irq_off();
    one.current = {};
    one.stack.clear();
    read({one});
    ASSERT_EQ(of(PERF_RECORD_COMM).size(), 1U);
    EXPECT_STREQ(of(PERF_RECORD_COMM)[0].c_str() + 8, "?");
    EXPECT_EQ(at<int>(of(PERF_RECORD_SAMPLE).at(0), 16), -1);
    EXPECT_STREQ(of(PERF_RECORD_KSYMBOL).at(0).c_str() + 16, "?");
}

TEST_F(perf_file, stack_of_any_depth_fits_into_its_record) {
    model::stall one = sink::made_irq_off();
    one.stack.assign(100'000, "f+0x1");
    read({one});
    ASSERT_EQ(of(PERF_RECORD_SAMPLE).size(), 1U);
    EXPECT_EQ(at<std::uint64_t>(of(PERF_RECORD_SAMPLE)[0], 48), 127U + 1U);
}

TEST_F(perf_file, hostile_names_are_printable_and_short) {
    model::stall one = sink::made_irq_off();
    one.current.comm = sink::hostile_name;
    one.stack = {sink::hostile_name + "+0xffffffffffff"};
    read({one});
    const std::string name(of(PERF_RECORD_KSYMBOL).at(0).c_str() + 16);
    EXPECT_LE(name.size(), 200U);
    for (const char byte : name) EXPECT_TRUE(byte >= ' ' && byte <= '~');
    const auto function = at<std::uint64_t>(of(PERF_RECORD_KSYMBOL).at(0), 0);
    const auto size = at<std::uint32_t>(of(PERF_RECORD_KSYMBOL).at(0), 8);
    EXPECT_LT(at<std::uint64_t>(of(PERF_RECORD_SAMPLE).at(0), 8), function + size) << "it is in its function";
}

} // namespace irqscope::exporting
