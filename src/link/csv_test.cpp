#include "link/csv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <sstream>

namespace cityloom::link {
namespace {

using ::testing::ElementsAre;
using Cells = std::vector<std::string>;

CsvReader over(const std::string& text, char delimiter = ',', const std::string& encoding = "UTF-8") {
  auto reader = CsvReader::over(std::make_unique<std::istringstream>(text), delimiter, encoding);
  EXPECT_TRUE(reader.ok());
  return std::move(*reader);
}

std::vector<Cells> all(CsvReader reader) {
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

TEST(Csv, ReadsWhatRfc4180Allows) {
  EXPECT_THAT(all(over("\xEF\xBB\xBF"
                       "a,b\r\n1,\"x,\"\"y\"\"\nz\"\n\n,\n3,")),
              ElementsAre(Cells{"a", "b"}, Cells{"1", "x,\"y\"\nz"}, Cells{"", ""}, Cells{"3", ""}));
  EXPECT_THAT(all(over("a\tb\n", '\t')), ElementsAre(Cells{"a", "b"}));
  EXPECT_TRUE(all(over("")).empty());
}

TEST(Csv, KnowsTheLineOfARecord) {
  CsvReader reader = over("a\n\"b\n\nb\"\nc\n");
  Cells cells;
  ASSERT_TRUE(*reader.next(cells));
  ASSERT_TRUE(*reader.next(cells));
  EXPECT_EQ(reader.line(), 2u);
  ASSERT_TRUE(*reader.next(cells));
  EXPECT_EQ(reader.line(), 5u);
}

TEST(Csv, ReadsKoreanEncodings) {
  EXPECT_THAT(all(over("\xBC\xAD\xBF\xEF,1\n", ',', "CP949")), ElementsAre(Cells{"서울", "1"}));
  EXPECT_FALSE(CsvReader::over(std::make_unique<std::istringstream>(""), ',', "no-such").ok());
}

TEST(Csv, SaysWhatIsWrongAndGoesOn) {
  EXPECT_THAT(all(over("a\n\xFF\xFE\nb\n")), ElementsAre(Cells{"a"}, Cells{"error", "line 2"}, Cells{"b"}));
  EXPECT_THAT(all(over("a\n\"b")), ElementsAre(Cells{"a"}, Cells{"error", "line 2"}));
  const std::string long_line(record_bytes_max + 10, 'x');
  EXPECT_THAT(all(over(long_line + "\nb\n")), ElementsAre(Cells{"error", "line 1"}, Cells{"b"}));
  EXPECT_EQ(CsvReader::open("/nowhere/x.csv", ',', "UTF-8").error().code, base::Code::not_found);
}

TEST(Csv, ReadsBackWhatIsQuoted) {
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
}  // namespace cityloom::link
