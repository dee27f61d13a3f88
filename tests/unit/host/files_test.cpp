// SPDX-License-Identifier: BSD-2-Clause
#include "host/files.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace irqscope::host {

namespace {

class kept_file_test : public testing::Test {
protected:
    kept_file_test() {
        const int made = mkstemp(path_.data());
        if (made < 0) throw std::runtime_error("mkstemp");
        close(made);
    }
    ~kept_file_test() override { std::filesystem::remove(path_); }

    void write(const std::string& text) const { std::ofstream(path_) << text; }

    std::string path_ = testing::TempDir() + "kept_file_XXXXXX";
};

} // namespace

TEST_F(kept_file_test, says_what_it_says_now) {
    write("first");
    const auto file = kept_file::open(path_).value();
    EXPECT_EQ(file.read().value(), "first");
    EXPECT_EQ(file.read().value(), "first") << "from its start";
    write("a longer second one");
    EXPECT_EQ(file.read().value(), "a longer second one");
    write("");
    EXPECT_EQ(file.read().value(), "");
}

TEST_F(kept_file_test, is_the_file_that_was_opened) {
    write("kept");
    const auto file = kept_file::open(path_).value();
    std::filesystem::remove(path_);
    write("another");
    EXPECT_EQ(file.read().value(), "kept");
}

TEST_F(kept_file_test, long_one_comes_in_pieces_and_whole) {
    std::string text;
    for (int i = 0; i < 50'000; i++) text += std::to_string(i) + '\n';
    write(text);
    const auto file = kept_file::open(path_).value();
    std::size_t pieces = 0;
    std::string whole;
    ASSERT_TRUE(file.read([&](std::string_view piece) {
        pieces++;
        whole += piece;
    }));
    EXPECT_GT(pieces, 1U);
    EXPECT_EQ(whole, text);
}

TEST_F(kept_file_test, failure_names_the_file) {
    const auto none = kept_file::open("/nonexistent/file");
    ASSERT_FALSE(none);
    EXPECT_NE(none.error().message.find("/nonexistent/file"), std::string::npos);
    const auto directory = kept_file::open("/").value().read();
    ASSERT_FALSE(directory) << "a directory cannot be read";
    EXPECT_EQ(directory.error().status, exit_status::failed);
}

} // namespace irqscope::host
