//! Connection strings without their passwords, for the log.

use std::borrow::Cow;

/// `url` with its password replaced by `***`, whatever the password is.
///
/// Understands `scheme://user:password@host/…`, `?password=…` and the `key=value` form of libpq.
/// What has no password comes back unchanged.
pub fn mask_password(url: &str) -> Cow<'_, str> {
    let mut masked = Cow::Borrowed(url);
    if let Some((start, end)) = password_in_authority(url) {
        masked = Cow::Owned(format!("{}***{}", &url[..start], &url[end..]));
    }
    match password_parameter(&masked) {
        Some((start, end)) => Cow::Owned(format!("{}***{}", &masked[..start], &masked[end..])),
        None => masked,
    }
}

fn password_in_authority(url: &str) -> Option<(usize, usize)> {
    let start = url.find("://")? + "://".len();
    // The last `@` before the query: an unescaped one, or a slash, may be part of a password.
    let end = url[start..].find('?').map_or(url.len(), |at| start + at);
    let at = start + url[start..end].rfind('@')?;
    let colon = start + url[start..at].find(':')?;
    Some((colon + 1, at))
}

fn password_parameter(text: &str) -> Option<(usize, usize)> {
    const KEY: &str = "password=";
    let start = text.find(KEY)? + KEY.len();
    let value = &text[start..];
    let length = match value.strip_prefix('\'') {
        Some(quoted) => quoted.find('\'').map_or(value.len(), |at| at + 2),
        None => value
            .find(|c: char| c == '&' || c.is_whitespace())
            .unwrap_or(value.len()),
    };
    Some((start, start + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, masked: &str) {
        assert_eq!(mask_password(url), masked);
    }

    #[test]
    fn only_the_password_is_hidden() {
        check("redis://localhost:6379", "redis://localhost:6379");
        check("redis://:secret@cache:6379/0", "redis://:***@cache:6379/0");
        check(
            "postgresql://labuser:labpass@db/products",
            "postgresql://labuser:***@db/products",
        );
        check(
            "postgres://labpass:labpass@labpass/labpass",
            "postgres://labpass:***@labpass/labpass",
        );
        check("postgres://u:p@ss/w@db/x", "postgres://u:***@db/x");
        check(
            "postgres://u@db/x?password=p&a=b@c:d",
            "postgres://u@db/x?password=***&a=b@c:d",
        );
        check(
            "host=db user=u password=p dbname=x",
            "host=db user=u password=*** dbname=x",
        );
        check(
            "host=db password='p q' dbname=x",
            "host=db password=*** dbname=x",
        );
    }
}
