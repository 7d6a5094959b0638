#include "twin/term.hpp"

#include <gtest/gtest.h>

namespace cityloom::twin {
namespace {

TEST(ATableOverAnother, HasItsNamesAndKeepsNewOnesApart) {
  TermTable tenant;
  const Term known = *tenant.intern("https://example.org/known");
  TermTable request(&tenant);
  EXPECT_EQ(request.find("@type"), terms::type);
  EXPECT_EQ(*request.intern("https://example.org/known"), known);
  const Term foreign = *request.intern("https://example.org/foreign");
  EXPECT_EQ(tenant.find("https://example.org/foreign"), Term::unknown());

  // What is written here meanwhile takes no number that the request gave.
  const Term later = *tenant.intern("https://example.org/later");
  EXPECT_NE(later, foreign);
  EXPECT_EQ(request.text(later), "https://example.org/later");
  EXPECT_EQ(request.text(foreign), "https://example.org/foreign");
  EXPECT_EQ(request.find("https://example.org/later"), later);
  EXPECT_EQ(request.settled(foreign), foreign);
}

TEST(ATableOverAnother, SettlesNamesThatAreWrittenThereSince) {
  TermTable tenant;
  TermTable request(&tenant);
  const Term foreign = *request.intern("https://example.org/new");
  const Term own = *tenant.intern("https://example.org/new");
  EXPECT_NE(own, foreign);
  EXPECT_EQ(request.settled(foreign), own);
  EXPECT_EQ(request.settled(own), own);
  EXPECT_EQ(request.settled(Term{}), Term{});
  EXPECT_EQ(request.settled(Term::unknown()), Term::unknown());
  EXPECT_EQ(request.text(foreign), "https://example.org/new");
}

TEST(ATableOverAnother, TakesABoundedNumberOfNames) {
  const TermTable tenant;
  TermTable request(&tenant);
  for (int i = 0; i < 65'536; ++i) ASSERT_TRUE(request.intern("n" + std::to_string(i)).ok()) << i;
  EXPECT_EQ(request.intern("one more").error().code, base::Code::too_large);
  EXPECT_TRUE(request.intern("n5").ok());
  EXPECT_EQ(request.text(request.find("n65535")), "n65535");
}

}  // namespace
}  // namespace cityloom::twin
