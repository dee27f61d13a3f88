// SPDX-License-Identifier: BSD-2-Clause
// One run in several files: each of them can be read by itself.
#include "recording/files.hpp"

#include "recording/file_reader.hpp"
#include "recording/in_a_directory.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <random>

namespace irqscope::recording {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::SizeIs;
using testing::StartsWith;

constexpr std::uint64_t second = 1'000'000'000;

class several_files : public in_a_directory {
protected:
    [[nodiscard]] files made(std::size_t keep, std::uint64_t before_ns = 0, std::size_t before_bytes = 1U << 20) const {
        files_plan where;
        where.path = path_;
        where.keep = keep;
        where.before_ns = before_ns;
        where.before_bytes = before_bytes;
        files made =
            std::move(*files::prepare(where, [](std::uint64_t from_ns) { return "from " + std::to_string(from_ns); }));
        EXPECT_TRUE(made.open());
        return made;
    }

    static void add(files& to, chunk_kind kind, const std::string& text, std::uint64_t at_s = 0) {
        // an interval is a second
        const std::uint64_t first_s = kind == chunk_kind::interval && at_s != 0 ? at_s - 1 : at_s;
        ASSERT_TRUE(to.write({kind, first_s * second, at_s * second, chunk_head::no_cpu, 1}, bytes_of(text)));
    }
    // What is in second number s, its interval, and what was untold at its end.
    static void add_second(files& to, std::uint64_t s, std::size_t size = 1) {
        std::mt19937 random(static_cast<unsigned>(s));
        std::string spans = "spans " + std::to_string(s);
        while (spans.size() < size) spans += static_cast<char>(random()); // that cannot be packed
        add(to, chunk_kind::spans, spans, s);
        add(to, chunk_kind::stalls, "stall " + std::to_string(s), s);
        add(to, chunk_kind::interval, "interval " + std::to_string(s), s);
        add(to, chunk_kind::untold, "untold " + std::to_string(s), s);
    }

    static std::vector<std::string> read(const std::string& path) {
        std::vector<std::string> found;
        auto reader = file_reader::open(path);
        if (!reader) return {reader.error().message};
        const auto all = [](const chunk_head& head) { return head.kind < chunk_kind::index; };
        while (const auto chunk = reader->next(all)) {
            const std::string text(chunk->payload.begin(), chunk->payload.end());
            found.push_back(text.substr(0, 20));
        }
        if (!reader->whole()) found.emplace_back("not whole");
        return found;
    }
    // Names in the directory, beside the newest.
    [[nodiscard]] std::vector<std::string> older() const {
        std::vector<std::string> found;
        for (const auto& one : std::filesystem::directory_iterator(directory_))
            if (one.path() != path_) found.push_back(one.path().filename());
        std::sort(found.begin(), found.end());
        return found;
    }
};

} // namespace

TEST_F(several_files, are_one_after_another_with_what_each_needs) {
    files to = made(0);
    add(to, chunk_kind::series, "series 1\n");
    add_second(to, 1);
    add(to, chunk_kind::series, "series 2\n");
    add_second(to, 2);
    ASSERT_TRUE(to.next());
    add_second(to, 3);
    ASSERT_TRUE(to.rest());
    ASSERT_THAT(older(), SizeIs(1));
    EXPECT_THAT(older().front(), MatchesRegex("a\\.data\\.[0-9]{8}-[0-9]{6}"));
    EXPECT_THAT(read(directory_ + "/" + older().front()),
                ElementsAre("from 0", "series 1\n", "spans 1", "stall 1", "interval 1", "untold 1", "series 2\n",
                            "spans 2", "stall 2", "interval 2", "untold 2"));
    EXPECT_THAT(read(path_), ElementsAre("from 2000000000", "series 1\nseries 2\n", "untold 2", "spans 3", "stall 3",
                                         "interval 3", "untold 3"));
    EXPECT_EQ(to.count(), 2U);
    EXPECT_EQ(to.all_bytes(),
              std::filesystem::file_size(path_) + std::filesystem::file_size(directory_ + "/" + older().front()));
}

TEST_F(several_files, of_one_second_have_names_of_their_own_and_only_the_newest_are_kept) {
    files to = made(3);
    for (std::uint64_t s = 1; s <= 5; s++) {
        if (s != 1) {
            ASSERT_TRUE(to.next());
        }
        add_second(to, s);
    }
    ASSERT_TRUE(to.rest());
    std::vector<std::string> seen;
    for (const std::string& name : older()) seen.push_back(read(directory_ + "/" + name).at(2));
    EXPECT_THAT(seen, testing::UnorderedElementsAre("spans 3", "spans 4"));
    EXPECT_EQ(read(path_).at(2), "spans 5");
}

TEST_F(several_files, do_not_take_the_name_of_a_file_that_is_there) {
    files to = made(1);
    std::filesystem::copy(path_, directory_ + "/a.data.of-somebody");
    ASSERT_TRUE(to.next());
    ASSERT_TRUE(to.next());
    EXPECT_THAT(older(), ElementsAre("a.data.of-somebody"));
    std::filesystem::remove(path_);
    std::filesystem::create_directory(path_); // in the way
    EXPECT_FALSE(to.next());
}

TEST_F(several_files, begin_with_the_seconds_before) {
    files to = made(0, 2 * second);
    add(to, chunk_kind::series, "series 1\n");
    for (std::uint64_t s = 1; s <= 5; s++) add_second(to, s);
    add(to, chunk_kind::spans, "spans 6", 6);
    EXPECT_FALSE(std::filesystem::exists(path_));
    EXPECT_FALSE(to.has_one());
    ASSERT_TRUE(to.next());
    add(to, chunk_kind::stalls, "stall 6", 6);
    add(to, chunk_kind::interval, "interval 6", 6);
    ASSERT_TRUE(to.rest());
    // interval 4 begins at 3 s
    EXPECT_THAT(read(path_),
                ElementsAre("from 3000000000", "series 1\n", "untold 3", "spans 4", "stall 4", "interval 4", "untold 4",
                            "spans 5", "stall 5", "interval 5", "untold 5", "spans 6", "stall 6", "interval 6"));
    for (std::uint64_t s = 7; s <= 7; s++) add_second(to, s);
    ASSERT_TRUE(to.next());
    ASSERT_TRUE(to.rest());
    EXPECT_THAT(read(path_), ElementsAre("from 6000000000", "series 1\n", "untold 5", "spans 7", "stall 7",
                                         "interval 7", "untold 7"));
    EXPECT_EQ(to.crowded_out(), 0U);
}

TEST_F(several_files, have_no_interval_whose_spans_found_no_memory) {
    files to = made(0, 10 * second, 10'000);
    for (std::uint64_t s = 1; s <= 3; s++) add_second(to, s, 4'000); // room for two
    EXPECT_EQ(to.crowded_out(), 1U);
    add(to, chunk_kind::stalls, "stall 4", 4);
    add_second(to, 4, 12'000);
    EXPECT_EQ(to.crowded_out(), 4U) << "2, 3, and 4 itself";
    ASSERT_TRUE(to.next());
    add_second(to, 5);
    ASSERT_TRUE(to.rest());
    EXPECT_THAT(read(path_), ElementsAre(StartsWith("from"), "untold 3", "stall 4", "stall 4", "untold 4", "spans 5",
                                         "stall 5", "interval 5", "untold 5"));
}

TEST_F(several_files, leave_out_the_rest_of_an_interval_that_is_holed_already) {
    files to = made(0, 10 * second, 10'000);
    add(to, chunk_kind::spans, std::string(1, 'x'), 1);
    std::mt19937 random(1);
    std::string noise;
    while (noise.size() < 12'000) noise += static_cast<char>(random());
    add(to, chunk_kind::spans, noise, 1);
    ASSERT_TRUE(to.next());
    add_second(to, 1);
    add_second(to, 2);
    ASSERT_TRUE(to.rest());
    EXPECT_THAT(read(path_),
                ElementsAre(StartsWith("from"), "stall 1", "untold 1", "spans 2", "stall 2", "interval 2", "untold 2"));
}

} // namespace irqscope::recording
