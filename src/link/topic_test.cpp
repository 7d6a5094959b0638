#include "link/topic.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace cityloom::link {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

Captures match(std::string_view pattern, std::string_view topic, bool expected = true) {
  const auto parsed = TopicPattern::parse(pattern);
  EXPECT_TRUE(parsed.ok()) << pattern;
  Captures captures;
  EXPECT_EQ(parsed.ok() && parsed->match(topic, captures), expected) << pattern << " on " << topic;
  return captures;
}

TEST(TopicPattern, CapturesLevelsAndPartsOfThem) {
  EXPECT_THAT(match("sensors/{id}/air", "sensors/a1/air"), ElementsAre(Pair("id", "a1")));
  EXPECT_THAT(match("s/dev-{id}.{kind}", "s/dev-a-b.c.d"), ElementsAre(Pair("id", "a-b"), Pair("kind", "c.d")));
  EXPECT_THAT(match("s/{rest*}", "s/a/b/c"), ElementsAre(Pair("rest", "a/b/c")));
  match("s/+/x", "s/anything/x");
  match("s/#", "s");
  match("s/#", "s/a/b");
  match("s//x", "s//x");
}

TEST(TopicPattern, DoesNotFitOtherTopics) {
  match("sensors/{id}/air", "sensors//air", false);
  match("sensors/{id}/air", "sensors/a/air/b", false);
  match("sensors/{id}/air", "sensors/a", false);
  match("s/dev-{id}", "s/dev-", false);
  match("s/{rest*}", "s", false);
  match("s/{rest*}", "s/", false);
  match("a", "", false);
}

TEST(TopicPattern, GivesTheFilterToSubscribeWith) {
  EXPECT_EQ(TopicPattern::parse("a/{b}/c-{d}/+/{e*}")->filter(), "a/+/+/+/#");
  EXPECT_EQ(TopicPattern::parse("/a//b")->filter(), "/a//b");
}

TEST(TopicPattern, RefusesWhatIsNoPattern) {
  for (const char* text : {"", "a/#/b", "a/{x}{y}", "a/{}", "a/{x", "a/x}", "a/b+", "a/{x}/{x}", "a/{r*}/b", "{a b}"}) {
    EXPECT_FALSE(TopicPattern::parse(text).ok()) << text;
  }
}

TEST(TopicPattern, FitsEveryTopicMadeFromIt) {
  EXPECT_TRUE(rc::check("captures come back", [] {
    const auto text =
        rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::elementOf(std::string("abcXYZ09-_ "))));
    const std::string left = *text;
    const std::string right = *text;
    const auto captures = match("city/{left}/x.{right}/end", "city/" + left + "/x." + right + "/end");
    RC_ASSERT(captures == (Captures{{"left", left}, {"right", right}}));
  }));
}

TEST(Template, PutsCapturesAndFieldsIn) {
  JsonReader reader;
  const auto fields = reader.parse(R"({"a":{"b":[1.5,"x y"]},"c":null,"id":"field"})");
  ASSERT_TRUE(fields.ok());
  const auto fill = [&](std::string_view text) {
    return Template::parse(text, false)->fill({{"id", "cap ture"}}, **fields, Template::Escape::uri);
  };
  EXPECT_EQ(*fill("urn:{id}:{a.b[1]}:{a.b[0]}{{}}"), "urn:cap%20ture:x%20y:1.5{}");
  EXPECT_FALSE(fill("{c}").ok());
  EXPECT_FALSE(fill("{a}").ok());
  EXPECT_FALSE(fill("{missing}").ok());
  EXPECT_FALSE(Template::parse("a}", false).ok());
}

TEST(FieldPath, RefusesWhatIsNoPath) {
  for (const char* text : {"", "a.", ".a", "a..b", "a[", "a[x]", "a[1", "a[\"b]", "[1]x"}) {
    const auto path = FieldPath::parse(text);
    EXPECT_FALSE(path.ok()) << text;
  }
  EXPECT_TRUE(FieldPath::parse("a.b[0][\"c.d\"].e").ok());
  EXPECT_FALSE(FieldPath::parse(std::string(65, '.')).ok());
}

}  // namespace
}  // namespace cityloom::link
