// SPDX-License-Identifier: BSD-2-Clause
// Tests that write recordings: each in a directory of its own.
#pragma once

#include "recording/files.hpp"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <utility>

namespace irqscope::recording {

class in_a_directory : public testing::Test {
protected:
    void SetUp() override {
        std::string form = testing::TempDir() + "irqscope-recording-XXXXXX";
        ASSERT_NE(mkdtemp(form.data()), nullptr);
        directory_ = form;
        path_ = directory_ + "/a.data";
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }

    // A recorder's files, of which there will be one.
    [[nodiscard]] files one_file(const std::string& header) const {
        files_plan where;
        where.path = path_;
        files made = std::move(*files::prepare(where, [header](std::uint64_t /*from_ns*/) { return header; }));
        EXPECT_TRUE(made.open());
        return made;
    }

    std::string directory_;
    std::string path_;
};

} // namespace irqscope::recording
