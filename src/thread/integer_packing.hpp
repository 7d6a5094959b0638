// Integers packed into few bits: what history chunks are made of.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cityloom::thread {

/// Appends a number in groups of seven bits, lowest first: 1 to 10 bytes.
void put_varint(uint64_t number, std::string& to);

/// Reads what put_varint wrote and moves `from` past it. False if the bytes end early or hold more than 64 bits.
[[nodiscard]] bool take_varint(std::string_view& from, uint64_t& number);

/// Appends the integers as whichever is smallest: themselves, their differences, or the differences of these, divided
/// by what they have in common, in blocks of 128 packed to the bits that most of the block needs, with the few that
/// need more beside them. Any values, also the extremes; equal input gives equal bytes. The count is not written.
/// Cost: about 150 ns an integer.
void pack_integers(std::span<const int64_t> integers, std::string& to);

/// Reads `integers.size()` integers that pack_integers wrote and moves `from` past them. False if the bytes cannot
/// be that. Touches nothing outside both. Cost: about 1 ns an integer.
[[nodiscard]] bool unpack_integers(std::string_view& from, std::span<int64_t> integers);

}  // namespace cityloom::thread
