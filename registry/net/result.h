// A value or one error of a small enum: what every reader of outside bytes returns. The standard's
// expected is not in g++ 12 and Boost's result does not warn when it is dropped; this one does.
#pragma once

#include <boost/system/result.hpp>

namespace muster::net {

template <class T, class E>
class [[nodiscard]] Result : public boost::system::result<T, E> {
 public:
  using boost::system::result<T, E>::result;
};

}  // namespace muster::net
