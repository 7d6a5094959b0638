#include "base/table_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace cityloom::base {
namespace {

using ::testing::ElementsAre;
using Cells = std::vector<std::string>;

Result<TableReader> opened(std::string text, const TableReader::Options& options) {
  // A letter at a time, so that every border lies everywhere.
  const auto read = [text = std::move(text), at = size_t{0}](char* to, size_t) mutable -> Result<size_t> {
    const size_t count = text.copy(to, at == 0 ? 4 : 1, at);
    at += count;
    return count;
  };
  return TableReader::open(read, options);
}

TableReader over(const std::string& text, char delimiter = ',', const std::string& encoding = "UTF-8") {
  auto reader = opened(text, {delimiter, encoding});
  EXPECT_TRUE(reader.ok());
  return std::move(*reader);
}

std::vector<Cells> all(TableReader reader) {
  std::vector<Cells> records;
  for (Cells cells;;) {
    const auto read = reader.next(cells);
    if (!read.ok()) {
      records.push_back({"error", read.error().where});
    } else if (*read) {
      records.push_back(cells);
    } else {
      return records;
    }
  }
}

TEST(TableReader, ReadsWhatRfc4180Allows) {
  EXPECT_THAT(all(over("\xEF\xBB\xBF"
                       "a,b\r\n1,\"x,\"\"y\"\"\nz\"\n\n,\n3,")),
              ElementsAre(Cells{"a", "b"}, Cells{"1", "x,\"y\"\nz"}, Cells{"", ""}, Cells{"3", ""}));
  EXPECT_THAT(all(over("a\tb\n", '\t')), ElementsAre(Cells{"a", "b"}));
  EXPECT_TRUE(all(over("")).empty());
}

TEST(TableReader, KnowsTheLineOfARecord) {
  TableReader reader = over("a\n\"b\n\nb\"\nc\n");
  Cells cells;
  ASSERT_TRUE(*reader.next(cells));
  ASSERT_TRUE(*reader.next(cells));
  EXPECT_EQ(reader.line(), 2u);
  ASSERT_TRUE(*reader.next(cells));
  EXPECT_EQ(reader.line(), 5u);
}

TEST(TableReader, ReadsKoreanEncodings) {
  EXPECT_THAT(all(over("\xBC\xAD\xBF\xEF,1\n", ',', "CP949")), ElementsAre(Cells{"서울", "1"}));
  EXPECT_THAT(all(over("\xBC\xAD\xBF\xEF,서울\n", ',', "")), ElementsAre(Cells{"서울", "서울"}));
  EXPECT_EQ(opened("", {',', "no-such"}).error().code, Code::invalid);
}

TEST(TableReader, FindsTheDelimiterInTheFirstRow) {
  for (const char delimiter : {',', ';', '\t', '|'}) {
    const std::string text = std::string("\"a,;|\"") + delimiter + "b\n1" + delimiter + "2\n";
    TableReader reader = *TableReader::open(
        [text, is_read = false](char* to, size_t size) mutable -> Result<size_t> {
          return std::exchange(is_read, true) ? 0 : text.copy(to, size);
        },
        {});
    EXPECT_EQ(reader.delimiter(), delimiter);
  }
}

TEST(TableReader, EndsLinesAsEveryMachineDoes) {
  for (const char* end : {"\n", "\r\n", "\r"}) {
    TableReader reader = over(std::string("a") + end + end + "\"b\"" + end + "c");
    Cells cells;
    ASSERT_TRUE(*reader.next(cells));
    ASSERT_TRUE(*reader.next(cells));
    EXPECT_EQ(cells, Cells{"b"});
    EXPECT_EQ(reader.line(), 3u);
    ASSERT_TRUE(*reader.next(cells));
    EXPECT_EQ(reader.line(), 4u);
  }
}

TEST(TableReader, SaysWhatIsWrongAndGoesOn) {
  EXPECT_THAT(all(over("a\n\xFF\xFE\nb\n")), ElementsAre(Cells{"a"}, Cells{"error", "line 2"}, Cells{"b"}));
  EXPECT_THAT(all(over("a\n\"b")), ElementsAre(Cells{"a"}, Cells{"error", "line 2"}));
  const std::string long_line(table_row_bytes_max + 10, 'x');
  EXPECT_THAT(all(over(long_line + "\nb\n")), ElementsAre(Cells{"error", "line 1"}, Cells{"b"}));
  EXPECT_EQ(TableReader::open_file("/nowhere/x.csv", {}).error().code, Code::not_found);
}

TEST(TableReader, ReadsBackWhatIsQuoted) {
  EXPECT_TRUE(rc::check("every cell comes back", [] {
    const auto cell = rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab,\"\r\n ;")));
    const Cells cells = *rc::gen::container<Cells>(3, cell);
    std::string text;
    for (const std::string& one : cells) {
      if (!text.empty()) text += ',';
      text += '"';
      for (const char letter : one) text += letter == '"' ? std::string("\"\"") : std::string(1, letter);
      text += '"';
    }
    RC_ASSERT(all(over(text + "\n")) == (std::vector<Cells>{cells}));
  }));
}

}  // namespace
}  // namespace cityloom::base
