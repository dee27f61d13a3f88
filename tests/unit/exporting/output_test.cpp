// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/output.hpp"

#include "recording/in_a_directory.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <sys/stat.h>

namespace irqscope::exporting {

namespace {

class output_file : public recording::in_a_directory {
protected:
    [[nodiscard]] std::string content() const {
        std::ifstream file(path_);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    [[nodiscard]] std::size_t files() const {
        return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory_), {}));
    }
};

} // namespace

TEST_F(output_file, has_its_name_only_when_it_is_kept_and_is_ours_alone) {
    auto to = output::open(path_);
    ASSERT_TRUE(to);
    to->write("abc");
    EXPECT_FALSE(std::filesystem::exists(path_));
    ASSERT_TRUE(to->keep());
    EXPECT_EQ(content(), "abc");
    struct stat about {};
    ASSERT_EQ(stat(path_.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0600U);
    EXPECT_EQ(files(), 1U);
}

TEST_F(output_file, that_is_not_kept_leaves_nothing_and_what_was_there) {
    std::ofstream(path_) << "old";
    {
        auto to = output::open(path_);
        ASSERT_TRUE(to);
        to->write(std::string(1U << 20, 'x'));
    }
    EXPECT_EQ(content(), "old");
    EXPECT_EQ(files(), 1U);
}

TEST_F(output_file, that_is_there_is_replaced) {
    std::ofstream(path_) << "old and longer";
    auto to = output::open(path_);
    to->write("new");
    ASSERT_TRUE(to->keep());
    EXPECT_EQ(content(), "new");
}

TEST_F(output_file, can_be_written_to_once_more_in_its_midst) {
    auto to = output::open(path_);
    ASSERT_TRUE(to->can_rewrite());
    to->write("....:");
    to->rewrite(1, "ab");
    to->write("end");
    EXPECT_EQ(to->written(), 8U);
    ASSERT_TRUE(to->keep());
    EXPECT_EQ(content(), ".ab.:end");
}

TEST_F(output_file, that_a_link_leads_to_is_replaced_and_the_link_stays) {
    std::ofstream(path_) << "old";
    const std::string link = directory_ + "/link";
    std::filesystem::create_symlink(path_, link);
    auto to = output::open(link);
    to->write("new");
    ASSERT_TRUE(to->keep());
    EXPECT_TRUE(std::filesystem::is_symlink(link));
    EXPECT_EQ(content(), "new");
    EXPECT_EQ(files(), 2U);
}

TEST_F(output_file, is_nowhere_until_it_is_kept) {
    auto to = output::open(path_);
    to->write(std::string(1U << 20, 'x'));
    EXPECT_EQ(files(), 0U) << "whoever kills us leaves nothing";
    ASSERT_TRUE(to->keep());
    EXPECT_EQ(files(), 1U);
}

TEST_F(output_file, device_is_written_to_as_it_is) {
    auto to = output::open("/dev/null");
    ASSERT_TRUE(to);
    EXPECT_FALSE(to->can_rewrite());
    to->write("abc");
    EXPECT_TRUE(to->keep());
    EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST_F(output_file, full_disk_is_said_and_leaves_no_file) {
    auto to = output::open("/dev/full");
    ASSERT_TRUE(to);
    to->write("abc");
    const auto kept = to->keep();
    ASSERT_FALSE(kept);
    EXPECT_EQ(kept.error().message, "cannot write /dev/full: No space left on device");
}

TEST_F(output_file, of_no_directory_cannot_be_made) { EXPECT_FALSE(output::open(directory_ + "/none/a")); }

} // namespace irqscope::exporting
