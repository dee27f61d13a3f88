// SPDX-License-Identifier: BSD-2-Clause
#include "bpf/object_code.hpp"

#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <gelf.h>
#include <map>
#include <memory>
#include <stdexcept>
#include <unistd.h>

namespace irqscope::object {

namespace {

struct file {
    explicit file(const std::string& path) : descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
        elf_version(EV_CURRENT);
        elf = elf_begin(descriptor, ELF_C_READ, nullptr);
        GElf_Ehdr header{};
        if (elf == nullptr || gelf_getehdr(elf, &header) == nullptr || header.e_machine != EM_BPF) {
            close_all();
            throw std::runtime_error(path + " is no BPF object");
        }
    }
    file(const file&) = delete;
    file& operator=(const file&) = delete;
    ~file() { close_all(); }

    void close_all() {
        elf_end(elf);
        elf = nullptr;
        if (descriptor >= 0) close(descriptor);
        descriptor = -1;
    }

    int descriptor;
    Elf* elf = nullptr;
};

struct code {
    std::string name;
    std::vector<bpf_insn> instructions;
    std::size_t in_functions = 0;
};

std::string text_at(const file& from, std::size_t section, std::size_t offset) {
    const char* text = elf_strptr(from.elf, section, offset);
    return text == nullptr ? "" : text;
}

Elf_Data* symbols_of(const file& from, std::size_t& names) {
    for (Elf_Scn* section = nullptr; (section = elf_nextscn(from.elf, section)) != nullptr;) {
        GElf_Shdr header{};
        gelf_getshdr(section, &header);
        if (header.sh_type != SHT_SYMTAB) continue;
        names = header.sh_link;
        return elf_getdata(section, nullptr);
    }
    throw std::runtime_error("a BPF object without symbols");
}

std::map<std::size_t, code> code_of(const file& from) {
    std::size_t names = 0;
    elf_getshdrstrndx(from.elf, &names);
    std::map<std::size_t, code> found;
    for (Elf_Scn* section = nullptr; (section = elf_nextscn(from.elf, section)) != nullptr;) {
        GElf_Shdr header{};
        gelf_getshdr(section, &header);
        if (header.sh_type != SHT_PROGBITS || (header.sh_flags & SHF_EXECINSTR) == 0 || header.sh_size == 0) continue;
        const Elf_Data* data = elf_getdata(section, nullptr);
        if (data == nullptr || data->d_size % sizeof(bpf_insn) != 0) throw std::runtime_error("half an instruction");
        code& to = found[elf_ndxscn(section)];
        to.name = text_at(from, names, header.sh_name);
        to.instructions.resize(data->d_size / sizeof(bpf_insn));
        std::memcpy(to.instructions.data(), data->d_buf, data->d_size);
    }
    return found;
}

// What libbpf's bpf_object__relocate() would write into src_reg.
void mark_relocated(const file& from, Elf_Data* symbols, std::map<std::size_t, code>& sections) {
    for (Elf_Scn* section = nullptr; (section = elf_nextscn(from.elf, section)) != nullptr;) {
        GElf_Shdr header{};
        gelf_getshdr(section, &header);
        const auto target = sections.find(header.sh_info);
        if (header.sh_type != SHT_REL || target == sections.end()) continue;
        Elf_Data* data = elf_getdata(section, nullptr);
        for (int i = 0; static_cast<std::size_t>(i) < header.sh_size / header.sh_entsize; i++) {
            GElf_Rel relocation{};
            GElf_Sym symbol{};
            if (gelf_getrel(data, i, &relocation) == nullptr ||
                gelf_getsym(symbols, static_cast<int>(GELF_R_SYM(relocation.r_info)), &symbol) == nullptr)
                throw std::runtime_error("a broken relocation");
            bpf_insn& at = target->second.instructions.at(relocation.r_offset / sizeof(bpf_insn));
            const bool call = at.code == (BPF_JMP | BPF_CALL);
            if (call && symbol.st_shndx == SHN_UNDEF) at.src_reg = BPF_PSEUDO_KFUNC_CALL;
            if (!call && sections.contains(symbol.st_shndx)) at.src_reg = BPF_PSEUDO_FUNC;
        }
    }
}

std::string newer_in(const bpf_insn& at) {
    const auto number = static_cast<unsigned>(at.imm);
    const unsigned kind = BPF_CLASS(at.code);
    if (at.code == (BPF_LD | BPF_IMM | BPF_DW)) {
        if (at.src_reg == BPF_PSEUDO_FUNC) return "a pointer to a function"; // 5.13
        if (at.src_reg > BPF_PSEUDO_BTF_ID) return "an unknown kind of 64-bit immediate";
        return "";
    }
    if (at.code == (BPF_JMP | BPF_CALL)) {
        if (at.src_reg == BPF_PSEUDO_CALL) return "";
        if (at.src_reg == BPF_PSEUDO_KFUNC_CALL) return "a call of a kernel function"; // 5.13
        if (at.src_reg != 0) return "an unknown kind of call";
        return number > BPF_FUNC_redirect_peer ? "helper " + std::to_string(number) : "";
    }
    if (kind == BPF_STX && BPF_MODE(at.code) == BPF_ATOMIC) // BPF_XADD was all there was until 5.12
        return at.imm == BPF_ADD ? "" : "an atomic operation other than add";
    if (kind == BPF_LDX && BPF_MODE(at.code) != BPF_MEM) return "a load that extends the sign"; // 6.6
    if (kind == BPF_JMP32 && BPF_OP(at.code) == BPF_JA) return "a long jump";                   // 6.6
    if (kind == BPF_JMP || kind == BPF_JMP32)
        return BPF_OP(at.code) > BPF_JSLE ? "an unknown jump" : "";                                // may_goto, 6.9
    if (kind == BPF_ALU64 && BPF_OP(at.code) == BPF_END) return "an unconditional byte swap";      // 6.6
    if ((kind == BPF_ALU || kind == BPF_ALU64) && at.off != 0) return "signed arithmetic or move"; // 6.6
    return "";
}

} // namespace

std::vector<function> read_functions(const std::string& path) {
    const file from(path);
    std::size_t names = 0;
    Elf_Data* symbols = symbols_of(from, names);
    auto sections = code_of(from);
    mark_relocated(from, symbols, sections);
    std::vector<function> functions;
    GElf_Sym symbol{};
    for (int i = 0; gelf_getsym(symbols, i, &symbol) != nullptr; i++) {
        const auto found = sections.find(symbol.st_shndx);
        if (GELF_ST_TYPE(symbol.st_info) != STT_FUNC || found == sections.end()) continue;
        code& in = found->second;
        const std::size_t first = symbol.st_value / sizeof(bpf_insn);
        const std::size_t count = symbol.st_size / sizeof(bpf_insn);
        if (first + count > in.instructions.size()) throw std::runtime_error("a function beyond its section");
        const auto all = std::span(in.instructions).subspan(first, count);
        functions.push_back({in.name, text_at(from, names, symbol.st_name), {all.begin(), all.end()}});
        in.in_functions += count;
    }
    for (const auto& [number, section] : sections)
        if (section.in_functions != section.instructions.size())
            throw std::runtime_error(section.name + " holds instructions of no function");
    return functions;
}

std::set<std::string> newer_than_5_10(std::span<const bpf_insn> instructions) {
    std::set<std::string> newer;
    for (std::size_t i = 0; i < instructions.size(); i++) {
        if (const std::string what = newer_in(instructions[i]); !what.empty()) newer.insert(what);
        if (instructions[i].code == (BPF_LD | BPF_IMM | BPF_DW)) i++; // its other half
    }
    return newer;
}

} // namespace irqscope::object
