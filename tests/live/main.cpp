// SPDX-License-Identifier: BSD-2-Clause
// The live tests run in a directory of their own below the current one, which goes with them: nothing that they write
// stays. It is on that one's disk, for direct reads.
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <string_view>
#include <system_error>

namespace {

class own_directory final : public testing::Environment {
public:
    void SetUp() override {
        std::array<char, 32> name{};
        constexpr std::string_view form = "live-tests-XXXXXX";
        form.copy(name.data(), form.size());
        if (mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), "mkdtemp");
        made_ = std::filesystem::absolute(name.data());
        before_ = std::filesystem::current_path();
        std::filesystem::current_path(made_);
    }

    void TearDown() override {
        std::filesystem::current_path(before_);
        std::filesystem::remove_all(made_);
    }

private:
    std::filesystem::path before_;
    std::filesystem::path made_;
};

} // namespace

int main(int count, char** arguments) {
    testing::InitGoogleTest(&count, arguments);
    testing::AddGlobalTestEnvironment(new own_directory); // gtest's from here on
    return RUN_ALL_TESTS();
}
