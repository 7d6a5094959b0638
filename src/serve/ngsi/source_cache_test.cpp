// Answers of sources given again: for how long, to whom, and what makes them count no more.
#include "serve/ngsi/source_cache.hpp"

#include <gtest/gtest.h>

#include "serve/ngsi/federation_fixture_test.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

OutgoingResponse answer(std::string body) {
  return {200, {}, std::move(body)};
}

TEST(SourceCache, GivesAnAnswerUntilItsTimeIsOver) {
  SourceCache cache;
  const base::Instant now = *base::Instant::parse("2026-11-22T08:00:00Z");
  cache.keep("a", "place", answer("1"), base::Instant{now.microseconds + 1'000'000}, cache.writes());
  ASSERT_TRUE(cache.find("a", now));
  EXPECT_EQ(cache.find("a", now)->body, "1");
  EXPECT_FALSE(cache.find("b", now));
  EXPECT_FALSE(cache.find("a", base::Instant{now.microseconds + 1'000'000}));
}

TEST(SourceCache, AWriteEndsWhatItsBrokerAnsweredAndWhatIsOnTheWay) {
  SourceCache cache;
  const base::Instant now = *base::Instant::parse("2026-11-22T08:00:00Z");
  const base::Instant later = base::Instant{now.microseconds + 1'000'000};
  const uint64_t writes = cache.writes();
  cache.keep("a", "one", answer("1"), later, writes);
  cache.keep("b", "other", answer("2"), later, writes);
  cache.forget("one");
  EXPECT_FALSE(cache.find("a", now));
  EXPECT_TRUE(cache.find("b", now));
  cache.keep("a", "one", answer("of before"), later, writes);
  EXPECT_FALSE(cache.find("a", now));
}

TEST(SourceCache, HoldsNoMoreThanItMay) {
  SourceCache cache({2, 1'000, 400});
  const base::Instant now = *base::Instant::parse("2026-11-22T08:00:00Z");
  const base::Instant later = base::Instant{now.microseconds + 1'000'000};
  cache.keep("large", "place", answer(std::string(500, 'x')), later, 0);
  EXPECT_FALSE(cache.find("large", now));
  for (const char* key : {"a", "b"}) cache.keep(key, "place", answer("x"), later, 0);
  EXPECT_TRUE(cache.find("a", now));
  cache.keep("c", "place", answer("x"), later, 0);
  EXPECT_FALSE(cache.find("b", now)) << "the one used longest ago goes";
  EXPECT_TRUE(cache.find("a", now) && cache.find("c", now));
  SourceCache narrow({100, 700, 400});
  for (const char* key : {"a", "b", "c"}) narrow.keep(key, "place", answer(std::string(300, 'x')), later, 0);
  EXPECT_FALSE(narrow.find("a", now));
  EXPECT_TRUE(narrow.find("b", now) && narrow.find("c", now));
}

TEST_F(Federation, CacheDurationSavesAsking) {
  FakeSource source;
  register_at(hub_, source.url(), "inclusive", cars, R"(["redirectionOps"])",
              R"(, "management": {"cacheDuration": "PT1M"})");
  source.answer(200, car("1", property("speed", 1)));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(has(hub_.ask("GET", "/entities/urn:car:1", 200), R"("value":1)"));
  EXPECT_EQ(source.asked().size(), 1u);
  hub_.clock().advance_us(61'000'000);
  source.answer(200, car("1", property("speed", 2)));
  EXPECT_TRUE(has(hub_.ask("GET", "/entities/urn:car:1", 200), R"("value":2)"));
  // What is written through here is seen at once.
  source.answer(204);
  hub_.ask("PATCH", "/entities/urn:car:1/attrs", 204, "{" + property("speed", 3) + "}");
  source.answer(200, car("1", property("speed", 3)));
  EXPECT_TRUE(has(hub_.ask("GET", "/entities/urn:car:1", 200), R"("value":3)"));
  // A failure is not kept.
  hub_.clock().advance_us(61'000'000);
  source.answer(500);
  hub_.ask("GET", "/entities/urn:car:1", 404);
  source.answer(200, car("1", property("speed", 4)));
  EXPECT_TRUE(has(hub_.ask("GET", "/entities/urn:car:1", 200), R"("value":4)"));
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld
