// SPDX-License-Identifier: BSD-2-Clause
#include "probe/made_btf.hpp"

#include <bpf/btf.h>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

namespace irqscope::probe {

void made_btf::free_btf::operator()(btf* types) const { btf__free(types); }

made_btf::made_btf() : btf_(btf__new_empty()) {}

made_btf::~made_btf() {
    if (!path_.empty()) unlink(path_.c_str());
}

void made_btf::tracepoint(const std::string& name) {
    btf__add_typedef(btf_.get(), ("btf_trace_" + name).c_str(), number());
}

int made_btf::number() {
    const int found = btf__find_by_name_kind(btf_.get(), "int", BTF_KIND_INT);
    return found > 0 ? found : btf__add_int(btf_.get(), "int", 4, BTF_INT_SIGNED);
}

int made_btf::structure(const std::string& name, const std::vector<std::pair<std::string, unsigned>>& members) {
    const int type = number();
    const int made = btf__add_struct(btf_.get(), name.c_str(), 64);
    for (const auto& [member, offset] : members) btf__add_field(btf_.get(), member.c_str(), type, offset * 8, 0);
    return made;
}

int made_btf::around(const std::string& name, int inner) {
    const int made = btf__add_struct(btf_.get(), name.c_str(), 64);
    btf__add_field(btf_.get(), "", inner, 0, 0);
    return made;
}

void made_btf::per_cpu(const std::vector<variable>& variables) {
    std::vector<int> made;
    for (const variable& one : variables)
        made.push_back(btf__add_var(btf_.get(), one.name.c_str(), BTF_VAR_GLOBAL_ALLOCATED, one.type));
    btf__add_datasec(btf_.get(), ".data..percpu", 1 << 20);
    for (std::size_t i = 0; i < made.size(); i++)
        btf__add_datasec_var_info(btf_.get(), made[i], variables[i].offset, 64);
}

std::string made_btf::path() {
    if (path_.empty()) {
        path_ = testing::TempDir() + "irqscope-btf-XXXXXX";
        const int descriptor = mkstemp(path_.data());
        EXPECT_GE(descriptor, 0) << path_;
        close(descriptor);
    }
    __u32 size = 0;
    const void* data = btf__raw_data(btf_.get(), &size);
    std::ofstream(path_, std::ios::binary).write(static_cast<const char*>(data), size);
    return path_;
}

} // namespace irqscope::probe
