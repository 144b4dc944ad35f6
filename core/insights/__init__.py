"""What a company's own past says: when its invoices will be paid, how well that was foretold, and what a test shows.

Pure arithmetic over one company's invoices. It knows no other company, reads no file, and decides about nobody.
"""
