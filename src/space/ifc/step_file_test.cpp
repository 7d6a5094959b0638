// What a STEP file says, and that damage costs one instance and no more.
#include "space/ifc/step_file.hpp"

#include <gtest/gtest.h>

namespace cityloom::space {
namespace {

StepFile read_data(std::string_view data) {
  std::string text =
      "ISO-10303-21;HEADER;FILE_SCHEMA (('Ifc2x3'));ENDSEC;DATA;" + std::string(data) + "ENDSEC;END-ISO-10303-21;";
  auto file = StepFile::read(std::move(text));
  EXPECT_TRUE(file.ok()) << (file.ok() ? "" : file.error().text());
  return std::move(*file);
}

TEST(StepFile, ReadsEveryKindOfValue) {
  const StepFile file =
      read_data("#7 = ifcThing ( 1, -2.5E-1, 'it''s', .ENUM., $, *, #12, (1.,(2,3)), IFCLABEL('x'), \"0F\", .T. ) ;");
  EXPECT_EQ(file.schema(), "IFC2X3");
  const StepInstance thing = file.find(7);
  EXPECT_EQ(thing.type, "IFCTHING");
  EXPECT_EQ(thing.size(), 11u);
  EXPECT_EQ(thing[0].kind(), StepKind::integer);
  EXPECT_EQ(thing[1].number(), -0.25);
  EXPECT_EQ(thing[2].text(), "it's");
  EXPECT_EQ(thing[3].enumeration(), "ENUM");
  EXPECT_TRUE(thing[4].is_null() && thing[5].is_null() && thing[99].is_null());
  EXPECT_EQ(thing[6].reference(), 12u);
  EXPECT_EQ(thing[7][1][1].number(), 3);
  EXPECT_EQ(thing[8].type(), "IFCLABEL");
  EXPECT_EQ(thing[8].text(), "x");
  EXPECT_EQ(thing[9].kind(), StepKind::binary);
  EXPECT_EQ(thing[10].boolean(), true);
}

TEST(StepFile, FindsInstancesWhateverTheirOrder) {
  const StepFile file = read_data("#9=A(1);/* #8=A(2); */#3=B('a;b)#5=A(');#5=A(/* , */3);");
  EXPECT_EQ(file.size(), 3u);
  EXPECT_EQ(file.of_type("A"), (std::vector<uint64_t>{5, 9}));
  EXPECT_EQ(file.find(3)[0].text(), "a;b)#5=A(");
  EXPECT_FALSE(file.find(8));
  EXPECT_EQ(file.type_of(9), "A");
}

TEST(StepFile, DecodesTexts) {
  EXPECT_EQ(step_text("\\X2\\AC74BB3C\\X0\\ 1"), "건물 1");
  EXPECT_EQ(step_text("caf\\X\\E9 \\S\\i"), "café é");
  EXPECT_EQ(step_text("\\X4\\0001F600\\X0\\"), "\U0001F600");
  EXPECT_EQ(step_text("\\X2\\D83DDE00\\X0\\"), "\U0001F600");
  EXPECT_EQ(step_text("건물"), "건물");
  EXPECT_EQ(step_text("\xff a\\\\b"), "\uFFFD a\\b");
}

TEST(StepFile, DamageCostsOneInstance) {
  const StepFile file = read_data(
      "#1=A(1;#2=A(1,,2);#3=A((((((((((((((((((((((((((1))))))))))))))))))))))))));#4=A(1e999);#5=A(1);#5=A(2);#=A();"
      "rubbish;");
  std::string reason;
  EXPECT_FALSE(file.find(1, &reason));
  EXPECT_EQ(reason, "it ends within a list");
  EXPECT_FALSE(file.find(2, &reason));
  EXPECT_EQ(reason, "a value is missing");
  EXPECT_FALSE(file.find(3, &reason));
  EXPECT_EQ(reason, "its lists are nested too deeply");
  EXPECT_FALSE(file.find(4, &reason));
  EXPECT_EQ(reason, "\"1e999\" is no number");
  EXPECT_EQ(file.find(5)[0].number(), 1);
  EXPECT_EQ(file.problems_count(), 3u);
}

TEST(StepFile, RefusesWhatIsNoFileOrCutOff) {
  EXPECT_EQ(StepFile::read("<xml/>").error().code, base::Code::corrupt);
  EXPECT_EQ(StepFile::read("ISO-10303-21;HEADER;ENDSEC;DATA;#1=A('").error().code, base::Code::corrupt);
  EXPECT_EQ(StepFile::read("ISO-10303-21;HEADER;ENDSEC;DATA;#1=A(1);").error().code, base::Code::corrupt);
  EXPECT_EQ(StepFile::read("ISO-10303-21;HEADER;ENDSEC;").error().code, base::Code::corrupt);
  StepLimits small;
  small.instances_max = 1;
  EXPECT_EQ(StepFile::read("ISO-10303-21;DATA;#1=A();#2=A();ENDSEC;", small).error().code, base::Code::too_large);
}

}  // namespace
}  // namespace cityloom::space
